# For packaging/build_archives, included by RocksDB's `project()`: options, tracing, formats and environments that Stator does not use are compiled
# for their size. Nothing of db/, whose copies of inline functions the linker takes for the code of reads and writes, too.
file(GLOB SMALL RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} env/*.cc logging/*.cc options/*.cc table/cuckoo/*.cc table/plain/*.cc tools/*.cc
  trace_replay/*.cc utilities/*.cc utilities/*/*.cc utilities/*/*/*.cc)
set_source_files_properties(${SMALL} PROPERTIES COMPILE_OPTIONS -Os)
