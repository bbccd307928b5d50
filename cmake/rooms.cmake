# Precompiled headers keep a cold build short. `stator_precompile` has the headers that most rooms include. Rooms with other
# heavy headers (PRECOMPILE) have their own precompiled header; rooms below json have none, because their flags differ.
file(WRITE ${CMAKE_BINARY_DIR}/empty.cpp.new "// Only carries a precompiled header.\n")
file(COPY_FILE ${CMAKE_BINARY_DIR}/empty.cpp.new ${CMAKE_BINARY_DIR}/empty.cpp ONLY_IF_DIFFERENT)
set(STATOR_COMMON_HEADERS <algorithm> <array> <filesystem> <functional> <map> <memory> <optional> <string> <string_view>
  <unordered_map> <vector> <simdjson.h>)
add_library(stator_precompile OBJECT ${CMAKE_BINARY_DIR}/empty.cpp)
target_link_libraries(stator_precompile PRIVATE stator_flags simdjson::simdjson)
target_precompile_headers(stator_precompile PRIVATE ${STATOR_COMMON_HEADERS})

# Rooms that answer no requests are compiled for size: they load faster and take less memory. The linker keeps the first copy
# of an inline function that it finds, so programs are linked with the objects of the hot rooms first.
set(STATOR_ROOMS_HOT core json expression partiql store server aws endpoint api engine cache simulate)
set(STATOR_ROOMS_SMALL http remote kinesis s3 files postgres model toolkit cli)
set(STATOR_START_ORDER ${CMAKE_CURRENT_LIST_DIR}/start_order.ld) # written by scripts/start_order
set(STATOR_SMALL $<$<CONFIG:Release>:-Os>)
add_library(stator_precompile_small OBJECT ${CMAKE_BINARY_DIR}/empty.cpp)
target_compile_options(stator_precompile_small PRIVATE ${STATOR_SMALL})
target_link_libraries(stator_precompile_small PRIVATE stator_flags simdjson::simdjson)
target_precompile_headers(stator_precompile_small PRIVATE ${STATOR_COMMON_HEADERS})
set(STATOR_ROOMS_PRECOMPILED json expression partiql engine api endpoint simulate aws kinesis remote cache model toolkit)

# The rooms of the embedding library. A shared library needs position-independent code; as everything but what
# include/stator/ exports is hidden, this costs the programs nothing.
set(STATOR_LIBRARY_ROOMS core json expression partiql store engine api endpoint simulate embed)
set(STATOR_LIBRARY_PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
add_library(stator_precompile_library OBJECT ${CMAKE_BINARY_DIR}/empty.cpp)
set_target_properties(stator_precompile_library PROPERTIES ${STATOR_LIBRARY_PROPERTIES})
target_link_libraries(stator_precompile_library PRIVATE stator_flags simdjson::simdjson)
target_precompile_headers(stator_precompile_library PRIVATE ${STATOR_COMMON_HEADERS})

# Fails the build if a room includes a header of a room that it does not depend on (check_room.sh).
function(stator_check_includes name depends)
  set(uses "")
  foreach(target IN LISTS depends)
    if(target MATCHES "^stator_(.+)$")
      list(APPEND uses ${CMAKE_MATCH_1})
      get_property(below GLOBAL PROPERTY STATOR_ROOMS_BELOW_${CMAKE_MATCH_1})
      list(APPEND uses ${below})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES uses)
  set_property(GLOBAL PROPERTY STATOR_ROOMS_BELOW_${name} "${uses}")
  string(REPLACE ";" "|" uses "${uses}")
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.h ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  set(stamp ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/rooms)
  add_custom_command(OUTPUT ${stamp} VERBATIM
    COMMAND ${PROJECT_SOURCE_DIR}/cmake/check_room.sh ${PROJECT_SOURCE_DIR}/src ${name} "${uses}" ${stamp}
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/check_room.sh COMMENT "Includes of ${name}")
  add_custom_target(stator_${name}_includes DEPENDS ${stamp})
  add_dependencies(stator_${name} stator_${name}_includes)
endfunction()

# stator_room(name SOURCES … DEPENDS … PRECOMPILE … SMALL …): one folder of src/ as a static library `stator_<name>`. SMALL
# lists sources of a hot room that are compiled for size; they use no precompiled header, since the room's is compiled for
# speed.
function(stator_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS;PRECOMPILE;SMALL" ${ARGN})
  if(NOT ROOM_SOURCES)
    add_library(stator_${name} INTERFACE)
    target_link_libraries(stator_${name} INTERFACE ${ROOM_DEPENDS})
    return()
  endif()
  # Hot sources come first: the linker keeps the first copy of an inline function that it finds.
  list(REMOVE_ITEM ROOM_SOURCES ${ROOM_SMALL})
  add_library(stator_${name} STATIC ${ROOM_SOURCES} ${ROOM_SMALL})
  stator_check_includes(${name} "${ROOM_DEPENDS}")
  target_include_directories(stator_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(stator_${name} PRIVATE stator_flags PUBLIC ${ROOM_DEPENDS})
  if(name IN_LIST STATOR_LIBRARY_ROOMS)
    set_target_properties(stator_${name} PROPERTIES ${STATOR_LIBRARY_PROPERTIES})
  endif()
  if(name IN_LIST STATOR_ROOMS_SMALL)
    target_compile_options(stator_${name} PRIVATE ${STATOR_SMALL})
  endif()
  set_source_files_properties(${ROOM_SMALL} PROPERTIES COMPILE_OPTIONS ${STATOR_SMALL} SKIP_PRECOMPILE_HEADERS ON)
  if(ROOM_PRECOMPILE)
    target_precompile_headers(stator_${name} PRIVATE ${ROOM_PRECOMPILE})
  elseif(name IN_LIST STATOR_ROOMS_PRECOMPILED AND name IN_LIST STATOR_LIBRARY_ROOMS)
    target_precompile_headers(stator_${name} REUSE_FROM stator_precompile_library)
  elseif(name IN_LIST STATOR_ROOMS_PRECOMPILED AND name IN_LIST STATOR_ROOMS_SMALL)
    target_precompile_headers(stator_${name} REUSE_FROM stator_precompile_small)
  elseif(name IN_LIST STATOR_ROOMS_PRECOMPILED)
    target_precompile_headers(stator_${name} REUSE_FROM stator_precompile)
  endif()
endfunction()

# stator_test(name SOURCES … DEPENDS …): one GoogleTest program `<name>_test`, registered with CTest as one test.
function(stator_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;DEPENDS" ${ARGN})
  if(NOT TARGET stator_test_precompile)
    add_library(stator_test_precompile OBJECT ${CMAKE_BINARY_DIR}/empty.cpp)
    target_link_libraries(stator_test_precompile PRIVATE stator_flags GTest::gtest)
    target_precompile_headers(stator_test_precompile PRIVATE <gtest/gtest.h>)
  endif()
  add_executable(${name}_test ${TEST_SOURCES})
  target_link_libraries(${name}_test PRIVATE stator_flags ${TEST_DEPENDS} GTest::gtest GTest::gtest_main)
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_precompile_headers(${name}_test REUSE_FROM stator_test_precompile)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
