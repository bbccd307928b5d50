# Every library comes from Debian (packages: packages.txt), as binaries or as sources.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(simdjson REQUIRED)
# RocksDB and the compression it uses are linked statically where Debian has the archives: fewer libraries to load at the
# start of every command, and only the code that is used.
set(SHARED_SUFFIXES ${CMAKE_FIND_LIBRARY_SUFFIXES})
set(CMAKE_FIND_LIBRARY_SUFFIXES .a ${SHARED_SUFFIXES})
find_package(RocksDB REQUIRED)
find_package(PkgConfig REQUIRED)
# RocksDB's own target names two of them as shared ones.
get_target_property(ROCKSDB_LIBRARIES RocksDB::rocksdb INTERFACE_LINK_LIBRARIES)
list(TRANSFORM ROCKSDB_LIBRARIES REPLACE "Snappy::snappy>" "Snappy::snappy-static>")
list(TRANSFORM ROCKSDB_LIBRARIES REPLACE ".*/libbz2[.]so$" "${BZIP2_LIBRARY_RELEASE}")
set_target_properties(RocksDB::rocksdb PROPERTIES INTERFACE_LINK_LIBRARIES "${ROCKSDB_LIBRARIES}")

# RocksDB and simdjson of packaging/build_archives (./dev package) come before Debian's where they were built: their code is cut by functions,
# RocksDB has neither assertions nor the hooks of its own tests, and without libsimdjson.so, which needs it, libstdc++ can be inside the program.
# The shared library stays with Debian's shared ones, and builds other than the release with Debian's archive, for its assertions.
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
