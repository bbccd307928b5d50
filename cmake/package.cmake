# cpack: .deb packages and an archive (./dev package, packaging/README.md).
set(CPACK_PACKAGE_NAME stator)
set(CPACK_PACKAGE_VENDOR "Stator")
set(CPACK_PACKAGE_CONTACT "Stator maintainers <maintainers@stator.example.org>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_SOURCE_DIR}/build/packages)
set(CPACK_PACKAGE_FILE_NAME stator-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_ARCHIVE_COMPONENT_INSTALL OFF)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# A package holds an installed component and a second one with files for Debian only: the service and Debian's documentation.
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
# Without `manual`: Debian requires compressed manual pages.
set(CPACK_COMPONENTS_ALL program program-deb library library-deb development development-deb)
set(CPACK_COMPONENT_PROGRAM_GROUP main)
set(CPACK_COMPONENT_PROGRAM-DEB_GROUP main)
set(CPACK_COMPONENT_LIBRARY_GROUP shared)
set(CPACK_COMPONENT_LIBRARY-DEB_GROUP shared)
set(CPACK_COMPONENT_DEVELOPMENT_GROUP dev)
set(CPACK_COMPONENT_DEVELOPMENT-DEB_GROUP dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "https://stator.example.org")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_MAIN_PACKAGE_NAME stator)
set(CPACK_DEBIAN_MAIN_PACKAGE_SECTION database)
# Libraries that commands load on demand.
set(CPACK_DEBIAN_MAIN_PACKAGE_RECOMMENDS "libcurl4, libssl3, libpq5, libedit2, ca-certificates")
set(CPACK_DEBIAN_MAIN_PACKAGE_SUGGESTS "postgresql")
set(CPACK_DEBIAN_MAIN_DESCRIPTION "DynamoDB-compatible database and its toolkit
Stator answers DynamoDB's API from a data directory or from memory, as a
server, inside a command or as a library. The toolkit works on tables of any
DynamoDB API, AWS's own among them.")
set(CPACK_DEBIAN_MAIN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/postinst ${PROJECT_SOURCE_DIR}/packaging/prerm
  ${PROJECT_SOURCE_DIR}/packaging/postrm ${CMAKE_BINARY_DIR}/packaging/conffiles)

set(CPACK_DEBIAN_SHARED_PACKAGE_NAME libstator${STATOR_ABI})
set(CPACK_DEBIAN_SHARED_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_SHARED_DESCRIPTION "DynamoDB-compatible database as a library
The shared library of Stator: DynamoDB's operations inside a program, on a
directory or in memory, for C++, C and every language that can call C.")
set(CPACK_DEBIAN_SHARED_PACKAGE_CONTROL_EXTRA ${CMAKE_BINARY_DIR}/packaging/triggers)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libstator-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libstator${STATOR_ABI} (= ${PROJECT_VERSION})")
# The static library needs these.
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS "librocksdb-dev, libsimdjson-dev, libxxhash-dev, libmd-dev, libzstd-dev, zlib1g-dev")
set(CPACK_DEBIAN_DEV_DESCRIPTION "DynamoDB-compatible database as a library, development files
Headers, the static library, a CMake package and a pkg-config file for
programs with Stator inside.")

# These files are not installed by cmake --install. Paths are relative to /usr.
set(PACKAGING ${CMAKE_BINARY_DIR}/packaging)
string(TIMESTAMP STATOR_CHANGELOG_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(packaging/changelog.in ${PACKAGING}/changelog @ONLY)
configure_file(CHANGELOG.md ${PACKAGING}/CHANGELOG.md COPYONLY)
configure_file(docs/stator.1 ${PACKAGING}/stator.1 COPYONLY)
execute_process(COMMAND gzip -9 -n -k -f ${PACKAGING}/changelog ${PACKAGING}/CHANGELOG.md ${PACKAGING}/stator.1 COMMAND_ERROR_IS_FATAL ANY)
file(WRITE ${PACKAGING}/conffiles "/etc/default/stator\n")
file(WRITE ${PACKAGING}/triggers "activate-noawait ldconfig\n")
# Each override file gives its reasons.
foreach(part lintian-overrides=stator library-lintian-overrides=libstator${STATOR_ABI})
  string(REGEX MATCH "(.*)=(.*)" part ${part})
  set(PACKAGE ${CMAKE_MATCH_2})
  configure_file(packaging/${CMAKE_MATCH_1}.in ${PACKAGING}/${PACKAGE} @ONLY)
endforeach()
install(FILES ${PACKAGING}/stator DESTINATION share/lintian/overrides COMPONENT program-deb EXCLUDE_FROM_ALL)
install(FILES ${PACKAGING}/libstator${STATOR_ABI} DESTINATION share/lintian/overrides COMPONENT library-deb EXCLUDE_FROM_ALL)
foreach(part program=stator library=libstator${STATOR_ABI} development=libstator-dev)
  string(REGEX MATCH "(.*)=(.*)" part ${part})
  install(FILES packaging/copyright ${PACKAGING}/changelog.gz DESTINATION share/doc/${CMAKE_MATCH_2} COMPONENT ${CMAKE_MATCH_1}-deb
    EXCLUDE_FROM_ALL)
endforeach()
# The licences of the libraries inside the program, as Debian packages them. Boost's licence requires no copy beside a
# program.
foreach(library libcli11-dev libdeflate-dev libfmt-dev libhiredis-dev libhnswlib-dev liblz4-dev libmd-dev librocksdb-dev
    libsimdjson-dev libspdlog-dev libxxhash-dev libzstd-dev zlib1g-dev)
  file(REAL_PATH /usr/share/doc/${library}/copyright COPYRIGHT)
  install(FILES ${COPYRIGHT} DESTINATION share/doc/stator/libraries RENAME ${library}.copyright COMPONENT program-deb EXCLUDE_FROM_ALL)
endforeach()
install(FILES ${PACKAGING}/CHANGELOG.md.gz DESTINATION share/doc/stator COMPONENT program-deb EXCLUDE_FROM_ALL)
install(FILES ${PACKAGING}/stator.1.gz DESTINATION share/man/man1 COMPONENT program-deb EXCLUDE_FROM_ALL)
install(FILES packaging/stator.default DESTINATION ../etc/default RENAME stator COMPONENT program-deb EXCLUDE_FROM_ALL)
install(FILES packaging/stator.service DESTINATION ../lib/systemd/system COMPONENT program-deb EXCLUDE_FROM_ALL)
include(CPack)
