# Found by find_package(GeomxPs): the parameter server's libraries and what they need (cmake/Install.cmake).
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(Protobuf)
find_dependency(PkgConfig)
if(NOT TARGET PkgConfig::ZMQ)
  pkg_check_modules(ZMQ REQUIRED IMPORTED_TARGET GLOBAL libzmq)
endif()
include(${CMAKE_CURRENT_LIST_DIR}/GeomxPsTargets.cmake)
