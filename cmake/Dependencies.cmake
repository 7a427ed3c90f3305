# Where each dependency comes from: Debian packages by find_package or pkg-config; librdkafka, DuckDB and ADBC from the
# .deps folder that tools/setup fills. Nothing is fetched here.

set(SDP_DEPS "${CMAKE_SOURCE_DIR}/.deps" CACHE PATH "Folder filled by tools/setup")

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(simdjson REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(lz4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(sasl REQUIRED IMPORTED_TARGET libsasl2)
pkg_check_modules(pugixml REQUIRED IMPORTED_TARGET pugixml)
# Its headers alone, as its authors deliver it; Debian's library need not be there at run time.
find_path(SDP_TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
# The values and their text format; the library's own HTTP server is not linked.
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)

if(SDP_BUILD_TESTS)
  find_package(GTest REQUIRED)
  find_path(SDP_RAPIDCHECK_INCLUDE rapidcheck.h REQUIRED)
  find_library(SDP_RAPIDCHECK_LIBRARY rapidcheck REQUIRED)
  add_library(rapidcheck INTERFACE)
  target_include_directories(rapidcheck SYSTEM INTERFACE ${SDP_RAPIDCHECK_INCLUDE})
  target_link_libraries(rapidcheck INTERFACE ${SDP_RAPIDCHECK_LIBRARY})
endif()
if(SDP_BUILD_BENCHES)
  find_package(benchmark REQUIRED)
endif()

# The thread sanitizer must see librdkafka's locks, or it takes what they guard for races.
set(SDP_LIBRDKAFKA ${SDP_DEPS}/librdkafka${SDP_DEPS_SUFFIX})
if(SDP_SANITIZE STREQUAL "thread")
  set(SDP_LIBRDKAFKA ${SDP_DEPS}/librdkafka-tsan)
endif()
add_library(rdkafka INTERFACE)
if(SDP_USE_SYSTEM_RDKAFKA)
  pkg_check_modules(system_rdkafka REQUIRED IMPORTED_TARGET rdkafka>=2.10)
  target_link_libraries(rdkafka INTERFACE PkgConfig::system_rdkafka)
else()
  target_include_directories(rdkafka SYSTEM INTERFACE ${SDP_LIBRDKAFKA}/include)
  target_link_libraries(rdkafka INTERFACE ${SDP_LIBRDKAFKA}/lib/librdkafka.a
    PkgConfig::zstd PkgConfig::lz4 PkgConfig::sasl OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB CURL::libcurl
    Threads::Threads ${CMAKE_DL_LIBS} m rt)
endif()

set(SDP_DUCKDB ${SDP_DEPS}/duckdb${SDP_DEPS_SUFFIX})
add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES IMPORTED_LOCATION ${SDP_DUCKDB}/lib/libduckdb.so
  INTERFACE_INCLUDE_DIRECTORIES ${SDP_DUCKDB}/include IMPORTED_NO_SONAME FALSE)

# The driver manager only: drivers are loaded at run time.
set(SDP_ADBC ${SDP_DEPS}/adbc${SDP_DEPS_SUFFIX})
add_library(adbc INTERFACE)
target_include_directories(adbc SYSTEM INTERFACE ${SDP_ADBC}/include)
target_link_libraries(adbc INTERFACE ${SDP_ADBC}/lib/libadbc_driver_manager.a ${CMAKE_DL_LIBS})
