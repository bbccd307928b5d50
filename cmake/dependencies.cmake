# Every library comes from Debian (packages: packages.txt).
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
