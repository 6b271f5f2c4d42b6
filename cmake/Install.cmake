# `cmake --install build/release --prefix FOLDER`: the programs, and the parameter server as a library for others:
#
#   find_package(GeomxPs REQUIRED)
#   target_link_libraries(my_worker PRIVATE GeomxPs::worker)
#
# Each room of ps is a target of its own, GeomxPs::ROOM; its headers are included as in this tree, "ps/worker/session.h".
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS geomx-emu geomx-node RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(GEOMX_HAVE_GUI)
  install(TARGETS geomx-gui RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
if(GEOMX_HAVE_CUDA)
  install(TARGETS geomx_cuda LIBRARY DESTINATION lib/geomx-emu)  # where trainer/cuda/load.cc looks
endif()

set(headers ${CMAKE_INSTALL_INCLUDEDIR}/geomx)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/GeomxPs)

target_compile_features(geomx_flags INTERFACE cxx_std_20)
target_include_directories(geomx_flags INTERFACE $<INSTALL_INTERFACE:${headers}>)
set_target_properties(geomx_flags PROPERTIES EXPORT_NAME language)
install(TARGETS geomx_flags EXPORT GeomxPs)

get_property(rooms DIRECTORY ${CMAKE_SOURCE_DIR}/ps PROPERTY BUILDSYSTEM_TARGETS)
foreach(room ${rooms})
  get_target_property(type ${room} TYPE)
  if(type MATCHES "LIBRARY")
    string(REPLACE "geomx_ps_" "" name ${room})
    set_target_properties(${room} PROPERTIES EXPORT_NAME ${name})
    install(TARGETS ${room} EXPORT GeomxPs ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  endif()
endforeach()

install(DIRECTORY ${CMAKE_SOURCE_DIR}/ps ${CMAKE_BINARY_DIR}/generated/ps DESTINATION ${headers}
        FILES_MATCHING PATTERN "*.h" PATTERN "example" EXCLUDE)
install(EXPORT GeomxPs NAMESPACE GeomxPs:: FILE GeomxPsTargets.cmake DESTINATION ${package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/GeomxPsConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_SOURCE_DIR}/cmake/GeomxPsConfig.cmake ${CMAKE_BINARY_DIR}/GeomxPsConfigVersion.cmake
        DESTINATION ${package})
