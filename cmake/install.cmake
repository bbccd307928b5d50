# cmake --install: installs the program with its manual page, completions and models, and the embedding library with its
# headers, as a CMake package and for pkg-config (docs/embedding.md). Installs nothing if this project is a subproject.
if(NOT PROJECT_IS_TOP_LEVEL OR STATOR_SANITIZE)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Components: `program` with its `manual`, `library` (what programs load), `development` (what they are built with).
install(TARGETS stator RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(FILES docs/stator.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT manual)
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/stator/models COMPONENT program)

# The program prints the completion scripts itself.
set(COMPLETIONS ${CMAKE_BINARY_DIR}/completions)
set(COMPLETION_FILES "")
file(MAKE_DIRECTORY ${COMPLETIONS})
foreach(shell bash zsh fish)
  add_custom_command(OUTPUT ${COMPLETIONS}/${shell} VERBATIM DEPENDS stator
    COMMAND stator completion ${shell} --models ${PROJECT_SOURCE_DIR}/models > ${COMPLETIONS}/${shell})
  list(APPEND COMPLETION_FILES ${COMPLETIONS}/${shell})
endforeach()
add_custom_target(stator_completions ALL DEPENDS ${COMPLETION_FILES})
install(FILES ${COMPLETIONS}/bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME stator COMPONENT program)
install(FILES ${COMPLETIONS}/zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions RENAME _stator COMPONENT program)
install(FILES ${COMPLETIONS}/fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME stator.fish COMPONENT program)

install(TARGETS stator_shared EXPORT stator-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development)
install(TARGETS stator_static EXPORT stator-static-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
# The wrappers' library is not installed.
install(DIRECTORY include/stator DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development PATTERN wrappers.h EXCLUDE)

set(PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/stator)
install(EXPORT stator-targets NAMESPACE stator:: DESTINATION ${PACKAGE_DIR} COMPONENT development)
install(EXPORT stator-static-targets NAMESPACE stator:: DESTINATION ${PACKAGE_DIR} COMPONENT development)
configure_package_config_file(cmake/stator-config.cmake.in ${CMAKE_BINARY_DIR}/stator-config.cmake
  INSTALL_DESTINATION ${PACKAGE_DIR} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the interface for C++.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/stator-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/stator-config.cmake ${CMAKE_BINARY_DIR}/stator-config-version.cmake
  DESTINATION ${PACKAGE_DIR} COMPONENT development)

# The prefix is relative to the .pc file, so that an installed tree may be moved.
file(RELATIVE_PATH STATOR_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/stator.pc.in ${CMAKE_BINARY_DIR}/stator.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/stator.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

include(cmake/package.cmake)
