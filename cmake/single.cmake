# stator_single: the program as one file for any Linux, without shared libraries or a dynamic linker. Libraries that the
# normal program loads on demand are linked in, from the archives that packaging/build_archives put into STATOR_ARCHIVES. Not
# part of `all` (./dev package).

if(NOT PROJECT_IS_TOP_LEVEL OR STATOR_SANITIZE)
  return()
endif()
set(OBJECTS "")
foreach(room ${STATOR_ROOMS_HOT} ${STATOR_ROOMS_SMALL})
  get_target_property(type stator_${room} TYPE)
  if(NOT type STREQUAL "INTERFACE_LIBRARY")
    list(APPEND OBJECTS $<TARGET_OBJECTS:stator_${room}>)
  endif()
endforeach()

add_executable(stator_single EXCLUDE_FROM_ALL ${OBJECTS} src/cli/main.cpp src/http/linked_library.cpp)
set_target_properties(stator_single PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
target_include_directories(stator_single PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
target_include_directories(stator_single SYSTEM PRIVATE ${OPENSSL_INCLUDE_DIR} ${CURL_INCLUDE_DIRS} ${LIBPQ_INCLUDE_DIRS})
target_compile_options(stator_single PRIVATE ${STATOR_SMALL})
target_link_libraries(stator_single PRIVATE stator_flags)
# The linker warns about getaddrinfo and getpwuid, which may load modules of the system's glibc; linked_library.cpp prevents
# that.
target_link_options(stator_single PRIVATE -static-pie -L${STATOR_ARCHIVES}/lib)
# Relative relocations take about one bit each instead of 24 bytes.
target_link_options(stator_single PRIVATE -Wl,-z,pack-relative-relocs -Wl,-T,${STATOR_START_ORDER})
target_link_libraries(stator_single PRIVATE -Wl,--start-group curl pq pgcommon pgport simdjson rocksdb hiredis snappy bz2 lz4 zstd z deflate xxhash
  md ssl crypto -Wl,--end-group)
