# Build rules shared by every folder: one folder = one target named sdp_<folder>, its tests beside it.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")

set(SDP_SANITIZE "" CACHE STRING "Sanitizers, comma separated (address,undefined or thread)")

find_program(SDP_CCACHE ccache)
if(SDP_CCACHE)
  # Paths below the source tree count as relative, so that another clone finds what this one compiled.
  set(SDP_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${SDP_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SDP_LAUNCHER})
  set(CMAKE_C_COMPILER_LAUNCHER ${SDP_LAUNCHER})
endif()
find_program(SDP_MOLD mold)
# A cross compiler looks for a mold with its own prefix, which Debian does not have.
if(SDP_MOLD AND NOT CMAKE_CROSSCOMPILING)
  add_link_options(-fuse-ld=mold)
endif()

add_library(sdp_options INTERFACE)
target_include_directories(sdp_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(sdp_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Werror -fno-omit-frame-pointer -fstack-protector-strong)
target_link_options(sdp_options INTERFACE -Wl,-z,relro,-z,now)
if(SDP_SANITIZE)
  # Global, so that every translation unit agrees; an alarm ends the process, or a test could pass over it.
  add_compile_options(-fsanitize=${SDP_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SDP_SANITIZE})
  if(SDP_SANITIZE STREQUAL "thread")
    # Ours and DuckDB's calls of the standard library are told apart by whose copy is called (cmake/tsan.supp).
    add_link_options(-static-libstdc++ -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/hidden.map)
  endif()
else()
  target_compile_options(sdp_options INTERFACE $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
  # What nobody calls is left out of the binary; tools/check_dead_code asks the linker what that was.
  target_compile_options(sdp_options INTERFACE -ffunction-sections -fdata-sections)
  target_link_options(sdp_options INTERFACE -Wl,--gc-sections)
endif()

# sdp_library(NAME base SOURCES a.cc b.cc DEPS fmt::fmt sdp_x)
function(sdp_library)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  add_library(sdp_${ARG_NAME} STATIC ${ARG_SOURCES})
  target_link_libraries(sdp_${ARG_NAME} PUBLIC sdp_options ${ARG_DEPS})
endfunction()

# An executable that finds libduckdb.so relative to its own place: a checkout may be moved or copied.
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
function(sdp_executable name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE sdp_options)
  set_target_properties(${name} PROPERTIES
    INSTALL_RPATH "$ORIGIN/$<PATH:RELATIVE_PATH,${SDP_DUCKDB}/lib,$<TARGET_FILE_DIR:${name}>>")
endfunction()

# sdp_bench(NAME lake_bench SOURCES lake_bench.cc DEPS sdp_lake): measured by hand, compiled by `make quick` and `make test`.
add_custom_target(benches)
function(sdp_bench)
  if(NOT SDP_BUILD_BENCHES)
    return()
  endif()
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  sdp_executable(${ARG_NAME} EXCLUDE_FROM_ALL ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS})
  add_dependencies(benches ${ARG_NAME})
endfunction()

# sdp_test_library(NAME sdp_test_support SOURCES a.cc DEPS sdp_base): what several tests share.
function(sdp_test_library)
  if(NOT SDP_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPS" ${ARGN})
  # Objects, not an archive: a linker drops a file of an archive that nobody names, and with it the tests inside.
  add_library(${ARG_NAME} OBJECT ${ARG_SOURCES})
  target_include_directories(${ARG_NAME} PUBLIC ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${ARG_NAME} PUBLIC sdp_options ${ARG_DEPS})
  set_target_properties(${ARG_NAME} PROPERTIES UNITY_BUILD OFF)
endfunction()

# Every test; and those that run without a service.
add_custom_target(tests)
add_custom_target(unit_tests)

function(sdp_add_test name program labels timeout environment)
  add_test(NAME ${name} COMMAND ${program})
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT ${timeout} ENVIRONMENT "${environment}")
endfunction()

# sdp_test(NAME base_test SOURCES a_test.cc DEPS sdp_base LABELS unit threads [TIMEOUT 60])
# Labels: unit (no service: `make quick` runs it), integration (real Kafka, real S3 servers: only `make test` does), threads
# (all that there is in the tree of the thread sanitizer). SHARDS 4: its cases run as four tests, NAME_1of4 to NAME_4of4, side
# by side; but for the first they are labelled wide, which CI runs and `make test` does not.
function(sdp_test)
  if(NOT SDP_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT;SHARDS" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 900)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(SDP_SANITIZE STREQUAL "thread" AND NOT "threads" IN_LIST ARG_LABELS)
    return()
  endif()
  sdp_executable(${ARG_NAME} ${ARG_SOURCES})
  target_include_directories(${ARG_NAME} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  add_dependencies(tests ${ARG_NAME})
  set_target_properties(${ARG_NAME} PROPERTIES UNITY_BUILD OFF)
  if("unit" IN_LIST ARG_LABELS)
    add_dependencies(unit_tests ${ARG_NAME})
  endif()
  # Brokers of tests live for seconds: a quick start is worth more to them than the best machine code. Stacks of allocations
  # cost a seventh of some tests; whoever needs them runs the test again with malloc_context_size=30.
  set(environment "JDK_JAVA_OPTIONS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto;SDP_SOURCE_DIR=${CMAKE_SOURCE_DIR};SDP_DEPS_DIR=${SDP_DEPS};ASAN_OPTIONS=detect_leaks=1:malloc_context_size=2;UBSAN_OPTIONS=print_stacktrace=1;LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/lsan.supp:print_suppressions=0;TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan.supp:halt_on_error=1:second_deadlock_stack=1")
  if(ARG_SHARDS)
    foreach(shard RANGE 1 ${ARG_SHARDS})
      math(EXPR index "${shard} - 1")
      if(shard GREATER 1)
        list(APPEND ARG_LABELS wide)
        list(REMOVE_DUPLICATES ARG_LABELS)
      endif()
      sdp_add_test(${ARG_NAME}_${shard}of${ARG_SHARDS} ${ARG_NAME} "${ARG_LABELS}" ${ARG_TIMEOUT}
        "${environment};GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${index}")
    endforeach()
  else()
    sdp_add_test(${ARG_NAME} ${ARG_NAME} "${ARG_LABELS}" ${ARG_TIMEOUT} "${environment}")
  endif()
endfunction()
