# The embedding library for programs outside this build: libstator.so and libstator.a, from the objects of its rooms.
# RocksDB's archive cannot be linked into a shared library (its thread-local variables are compiled for executables), so
# libstator.so depends on librocksdb.so. Builds with sanitizers have no such libraries: only programs with the same
# sanitizers could load them.
set(STATOR_ABI 1) # STATOR_ABI_VERSION of include/stator/stator_c.h
set(OBJECTS "")
foreach(room IN LISTS STATOR_LIBRARY_ROOMS)
  list(APPEND OBJECTS $<TARGET_OBJECTS:stator_${room}>)
endforeach()

if(NOT STATOR_SANITIZE)
  add_library(stator_shared SHARED ${OBJECTS})
  set_target_properties(stator_shared PROPERTIES OUTPUT_NAME stator LINKER_LANGUAGE CXX VERSION ${STATOR_ABI}.${PROJECT_VERSION}
    SOVERSION ${STATOR_ABI} LINK_DEPENDS ${PROJECT_SOURCE_DIR}/src/embed/exports.map EXPORT_NAME stator
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  # BUILD_INTERFACE: programs that link with the exported library need none of these. zstd is the shared one, as Debian's
  # libzstd.a is compiled for executables, too.
  target_link_libraries(stator_shared PRIVATE $<BUILD_INTERFACE:RocksDB::rocksdb-shared> $<BUILD_INTERFACE:${SIMDJSON_SHARED}>
    $<BUILD_INTERFACE:ZLIB::ZLIB> $<BUILD_INTERFACE:PkgConfig::XXHASH> $<BUILD_INTERFACE:PkgConfig::MD>
    $<BUILD_INTERFACE:zstd>)
  target_link_options(stator_shared PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/src/embed/exports.map -Wl,--gc-sections
    -Wl,--as-needed -Wl,--no-undefined -Wl,-O1)
  target_include_directories(stator_shared INTERFACE $<INSTALL_INTERFACE:include>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)

  add_library(stator_static STATIC ${OBJECTS})
  set_target_properties(stator_static PROPERTIES OUTPUT_NAME stator LINKER_LANGUAGE CXX EXPORT_NAME stator_static
    ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  target_link_libraries(stator_static INTERFACE
    $<INSTALL_INTERFACE:RocksDB::rocksdb$<SEMICOLON>simdjson::simdjson$<SEMICOLON>xxhash$<SEMICOLON>md$<SEMICOLON>zstd$<SEMICOLON>ZLIB::ZLIB$<SEMICOLON>Threads::Threads>)
  target_include_directories(stator_static INTERFACE $<INSTALL_INTERFACE:include>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
endif()
