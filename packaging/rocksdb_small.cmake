# For packaging/build_archives, included by RocksDB's `project()`: compiles options, tracing, formats and environments that
# Stator does not use for size. Sources of db/ are left out: the linker also uses their copies of inline functions in the
# read and write paths.
file(GLOB SMALL RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} env/*.cc logging/*.cc options/*.cc table/cuckoo/*.cc table/plain/*.cc tools/*.cc
  trace_replay/*.cc utilities/*.cc utilities/*/*.cc utilities/*/*/*.cc)
set_source_files_properties(${SMALL} PROPERTIES COMPILE_OPTIONS -Os)
