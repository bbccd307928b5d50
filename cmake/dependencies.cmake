# Every library comes from Debian (packages.txt), as a binary or as source.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(simdjson REQUIRED)
# RocksDB and its compression libraries are linked statically if Debian has the archives: every command then loads fewer
# libraries at its start, and only the code that is used.
set(SHARED_SUFFIXES ${CMAKE_FIND_LIBRARY_SUFFIXES})
set(CMAKE_FIND_LIBRARY_SUFFIXES .a ${SHARED_SUFFIXES})
find_package(RocksDB REQUIRED)
find_package(PkgConfig REQUIRED)
# RocksDB's own target names the shared versions of two of them.
get_target_property(ROCKSDB_LIBRARIES RocksDB::rocksdb INTERFACE_LINK_LIBRARIES)
list(TRANSFORM ROCKSDB_LIBRARIES REPLACE "Snappy::snappy>" "Snappy::snappy-static>")
list(TRANSFORM ROCKSDB_LIBRARIES REPLACE ".*/libbz2[.]so$" "${BZIP2_LIBRARY_RELEASE}")
set_target_properties(RocksDB::rocksdb PROPERTIES INTERFACE_LINK_LIBRARIES "${ROCKSDB_LIBRARIES}")

# If packaging/build_archives has built RocksDB and simdjson (./dev package), use them instead of Debian's: the linker can
# drop their unused functions, RocksDB has neither assertions nor its own test hooks, and without libsimdjson.so, which needs
# the shared libstdc++, libstdc++ can be linked statically. Our shared library uses Debian's shared ones, and builds other
# than the release use Debian's RocksDB archive for its assertions.
set(STATOR_ARCHIVES ${PROJECT_SOURCE_DIR}/build/archives CACHE PATH "Archives of packaging/build_archives")
set(SIMDJSON_SHARED simdjson::simdjson)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT CMAKE_CROSSCOMPILING AND EXISTS ${STATOR_ARCHIVES}/lib/librocksdb.a)
  set(STATOR_LINKS_ARCHIVES ON)
  get_target_property(SIMDJSON_SHARED simdjson::simdjson LOCATION)
  foreach(name simdjson rocksdb)
    string(REPLACE "rocksdb" "RocksDB" namespace ${name})
    get_target_property(configuration ${namespace}::${name} IMPORTED_CONFIGURATIONS)
    set_target_properties(${namespace}::${name} PROPERTIES IMPORTED_LOCATION_${configuration} ${STATOR_ARCHIVES}/lib/lib${name}.a)
  endforeach()
  find_library(LZ4_LIBRARY lz4 REQUIRED)
  set_target_properties(RocksDB::rocksdb PROPERTIES INTERFACE_LINK_LIBRARIES "${LZ4_LIBRARY};Threads::Threads")
endif()
find_library(HIREDIS_LIBRARY hiredis REQUIRED)
find_path(HNSWLIB_INCLUDE_DIR hnswlib/hnswlib.h REQUIRED) # headers alone, in the system's own folder
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(MD REQUIRED IMPORTED_TARGET libmd)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
set(CMAKE_FIND_LIBRARY_SUFFIXES ${SHARED_SUFFIXES})
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
pkg_check_modules(RAPIDJSON REQUIRED IMPORTED_TARGET RapidJSON)
