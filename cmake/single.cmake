# stator_single: the program as one file, for any Linux: no library beside it, no dynamic linker. What the other program loads on demand is linked
# in, with archives that packaging/build_archives made in STATOR_ARCHIVES. Not part of `all` (./dev package).

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
# The linker warns of getaddrinfo and getpwuid, which may load modules of the system's glibc: linked_library.cpp sees to it that they do not.
target_link_options(stator_single PRIVATE -static-pie -L${STATOR_ARCHIVES}/lib)
# Addresses that are only moved take a bit each in place of 24 bytes.
target_link_options(stator_single PRIVATE -Wl,-z,pack-relative-relocs -Wl,-T,${STATOR_START_ORDER})
target_link_libraries(stator_single PRIVATE -Wl,--start-group curl pq pgcommon pgport simdjson rocksdb hiredis snappy bz2 lz4 zstd z deflate xxhash
  md ssl crypto -Wl,--end-group)
