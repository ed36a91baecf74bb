# SPDX-License-Identifier: Apache-2.0
# Debian packages through CPack: a component each. What they depend on comes from dpkg-shlibdeps.
set(MR_MAINTAINER "Millrace maintainers <maintainers@users.noreply.b-seed-31a6361a.example>" CACHE STRING "Maintainer of the Debian packages")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME millrace)
set(CPACK_PACKAGE_VENDOR Millrace)
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}")
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${MR_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${PROJECT_BINARY_DIR}")
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_COMPONENTS_ALL)

# The changelog of a package, in Debian's form and with the date of the last commit.
execute_process(COMMAND git -C "${PROJECT_SOURCE_DIR}" log -1 --format=%cD OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT date)
  string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
endif()
file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/changelog" @ONLY CONTENT
"millrace (@PROJECT_VERSION@) unstable; urgency=medium

  * See CHANGELOG.md of the sources.

 -- @MR_MAINTAINER@  @date@
")
execute_process(COMMAND gzip -9nkf "${CMAKE_CURRENT_BINARY_DIR}/changelog")

# mr_debian(COMPONENT NAME SECTION DESCRIPTION [KEY VALUE]...): KEYs are fields such as DEPENDS, as CPack calls them.
macro(mr_debian component name section description)
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${description}")
  foreach(pair ${ARGN})
    string(REGEX MATCH "^([A-Z]+)=(.*)$" matched "${pair}")
    set(CPACK_DEBIAN_${upper}_PACKAGE_${CMAKE_MATCH_1} "${CMAKE_MATCH_2}")
  endforeach()
  install(FILES "${CMAKE_CURRENT_SOURCE_DIR}/copyright" "${CMAKE_CURRENT_BINARY_DIR}/changelog.gz"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${name}" COMPONENT ${component} EXCLUDE_FROM_ALL)
endmacro()

mr_debian(tool millrace science
"run language models on the Millrace accelerator
The tool: it places a model (GGUF) on the tiles of a Millrace chip and streams
its text, on boards, simulated chips and a functional model. Two small models
come with it."
  "SUGGESTS=millrace-xrt, openfpgaloader, libmillrace-dev")
if(TARGET millrace-xrt)
  mr_debian(xrt millrace-xrt science
"Millrace accelerator behind XRT
What millrace and libmillrace start to reach a chip through the Xilinx
runtime: the helper that talks to XRT, and the simulated card of XRT's
emulation."
    "DEPENDS=unzip" "ENHANCES=millrace")
endif()
if(TARGET libmillrace)
  mr_debian(library libmillrace0 libs
"language models on the Millrace accelerator (library)
The C library: open a device, load a model, submit requests, poll their
tokens.")
  file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/triggers" "activate-noawait ldconfig\n")
  set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA "${CMAKE_CURRENT_BINARY_DIR}/triggers")
  mr_debian(development libmillrace-dev libdevel
"language models on the Millrace accelerator (development files)
Header, pkg-config file, man pages and an example of libmillrace."
    "DEPENDS=libmillrace0 (= ${PROJECT_VERSION})" "SUGGESTS=millrace")
endif()
include(CPack)
