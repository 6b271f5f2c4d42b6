# One CMake target per folder. geomx_library(emulator/base DEPS ...) makes the static library geomx_emulator_base out
# of every .cc and .proto in that folder; DEPS names other folders (or imported targets). The include root is the
# top of the tree, so that a file is included by the path a reader finds it under.

add_library(geomx_flags INTERFACE)
target_include_directories(geomx_flags INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)
set(warnings -Wall -Wextra -Wshadow -Wpedantic -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Werror)
target_compile_options(geomx_flags INTERFACE "$<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:${warnings}>>")
target_compile_definitions(geomx_flags INTERFACE $<BUILD_INTERFACE:GEOMX_VERSION="${PROJECT_VERSION}">)
if(GEOMX_SANITIZE)
  # Whoever uses an installed library that is sanitized has to be sanitized, too.
  target_compile_options(geomx_flags INTERFACE -fsanitize=${GEOMX_SANITIZE} -fno-omit-frame-pointer
                                               -fno-sanitize-recover=all)
  target_link_options(geomx_flags INTERFACE -fsanitize=${GEOMX_SANITIZE})
  # gcc 12 reports false positives in the standard library's own headers once sanitizers rearrange the code.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(geomx_flags INTERFACE -Wno-maybe-uninitialized -Wno-error=stringop-overflow)
  endif()
endif()
if(GEOMX_FUZZ)
  target_compile_options(geomx_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# The folder emulator/base is the target geomx_emulator_base.
function(geomx_target_name folder result)
  string(REPLACE "/" "_" name ${folder})
  set(${result} geomx_${name} PARENT_SCOPE)
endfunction()

function(geomx_link target)
  foreach(dep ${ARGN})
    if(dep MATCHES "::" OR NOT dep MATCHES "/")
      target_link_libraries(${target} PUBLIC ${dep})
    else()
      geomx_target_name(${dep} dep_target)
      target_link_libraries(${target} PUBLIC ${dep_target})
    endif()
  endforeach()
endfunction()

function(geomx_library folder)
  cmake_parse_arguments(ARG "" "" "DEPS;EXCLUDE" ${ARGN})
  geomx_target_name(${folder} target)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cc)
  file(GLOB protos CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.proto)
  foreach(exclude ${ARG_EXCLUDE})
    list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/${folder}/${exclude})
  endforeach()
  if(NOT sources AND NOT protos)
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE geomx_flags)
    foreach(dep ${ARG_DEPS})
      if(dep MATCHES "/" AND NOT dep MATCHES "::")
        geomx_target_name(${dep} dep)
      endif()
      target_link_libraries(${target} INTERFACE ${dep})
    endforeach()
    return()
  endif()
  add_library(${target} STATIC ${sources})
  target_link_libraries(${target} PUBLIC geomx_flags)
  geomx_link(${target} ${ARG_DEPS})
  if(protos)
    foreach(proto ${protos})
      get_filename_component(stem ${proto} NAME_WE)
      set(out ${CMAKE_BINARY_DIR}/generated/${folder})
      file(MAKE_DIRECTORY ${out})
      add_custom_command(
        OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h
        COMMAND protobuf::protoc --cpp_out=${CMAKE_BINARY_DIR}/generated -I ${CMAKE_SOURCE_DIR} ${proto}
        DEPENDS ${proto} VERBATIM)
      # Generated code is not ours to warn about.
      set_source_files_properties(${out}/${stem}.pb.cc PROPERTIES COMPILE_OPTIONS "-w")
      list(APPEND generated ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
    endforeach()
    target_sources(${target} PRIVATE ${generated})
    add_custom_target(${target}_generated DEPENDS ${generated})
    add_dependencies(generated_sources ${target}_generated)
    target_include_directories(${target} SYSTEM PUBLIC $<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/generated>)
    target_link_libraries(${target} PUBLIC protobuf::libprotobuf)
  endif()
endfunction()

# geomx_test(name LABELS unit SOURCES a.cc DEPS ...): one GoogleTest binary, registered with CTest as a whole, so that
# its fixtures are set up once. TIMEOUT is in seconds.
# `unit_tests` builds every test that is labelled unit, `threaded_tests` those for TSan, labelled threads;
# `generated_sources` what lint needs to read the rest.
add_custom_target(unit_tests)
add_custom_target(threaded_tests)
add_custom_target(generated_sources)

# Tests are compiled fast rather than made fast; benchmarks are not.
set(GEOMX_TEST_OPTIONS -O1 -g1)

function(geomx_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LABELS;SOURCES;DEPS;ARGS;ENV" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE ${GEOMX_TEST_OPTIONS})
  geomx_link(${name} geomx_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  if("unit" IN_LIST ARG_LABELS)
    add_dependencies(unit_tests ${name})
  endif()
  if("threads" IN_LIST ARG_LABELS)
    add_dependencies(threaded_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name} ${ARG_ARGS})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "GEOMX_BIN=${CMAKE_BINARY_DIR}/bin;GEOMX_SOURCE=${CMAKE_SOURCE_DIR};${ARG_ENV}")
endfunction()

# The unit tests of one folder: every tests/unit/FOLDER/*_test.cc becomes the binary FOLDER_test. THREADS: it starts
# threads of its own. (Those of OpenMP are no use to TSan, which does not see libgomp's barriers.)
function(geomx_unit_tests folder)
  cmake_parse_arguments(ARG "THREADS" "TIMEOUT" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${folder}/*_test.cc)
  if(sources)
    string(REPLACE "/" "_" name ${folder})
    set(threads)
    if(ARG_THREADS)
      set(threads threads)
    endif()
    geomx_test(${name}_test LABELS unit ${threads} SOURCES ${sources} DEPS ${folder} ${ARG_DEPS} TIMEOUT ${ARG_TIMEOUT})
  endif()
endfunction()
