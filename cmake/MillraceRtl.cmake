# SPDX-License-Identifier: Apache-2.0
# RTL: where it is, and its benches as CTest tests.

# Folders of modules, for `verilator -y`, and every RTL file, so that a change of any rebuilds the benches.
file(GLOB_RECURSE MR_RTL_FILES CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/rtl/*.sv" "${PROJECT_SOURCE_DIR}/rtl/*.vh")
set(MR_RTL_SEARCH "")
foreach(file IN LISTS MR_RTL_FILES)
  get_filename_component(folder "${file}" DIRECTORY)
  list(APPEND MR_RTL_SEARCH "-y" "${folder}" "-I${folder}")
endforeach()
list(REMOVE_DUPLICATES MR_RTL_SEARCH)
# REMOVE_DUPLICATES drops the repeated "-y" too; put one before each folder again.
list(REMOVE_ITEM MR_RTL_SEARCH "-y")
list(TRANSFORM MR_RTL_SEARCH PREPEND "-y;" REGEX "^/")

# The control core's processor, from a Python package in .venv (scripts/requirements.txt), never copied. Without it chips have no control core.
set(MR_PICORV32 "" CACHE FILEPATH "picorv32.v; empty: of the package pythondata-cpu-picorv32 in .venv")
if(NOT MR_PICORV32)
  file(GLOB MR_PICORV32 "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/pythondata_cpu_picorv32/verilog/picorv32.v")
endif()
set(MR_PICORV32_SEARCH "")
if(MR_PICORV32)
  get_filename_component(folder "${MR_PICORV32}" DIRECTORY)
  set(MR_PICORV32_SEARCH -y "${folder}")
else()
  message(STATUS "No picorv32.v: chips are built without control core; install it with scripts/bootstrap.sh check, then configure again")
endif()

# mr_add_verilator_bench(NAME <name> [SAYS <word>] TOP <module> BENCH <file.cpp> [SOURCES <file.sv> ...] [ARGS <verilator argument> ...]
#                        [DEFINES <C macro> ...] [INCLUDES <folder> ...] [LINK <object or library> ...] [DEPENDS <target> ...])
# Verilates TOP as the C++ class Vdut with assertions on, links it with BENCH (which holds main) and registers the test rtl_<name>.
# Passing takes exit status 0 and the line "PASS <word>" (default: the name).
function(mr_add_verilator_bench)
  cmake_parse_arguments(arg "" "NAME;TOP;BENCH;SAYS" "SOURCES;ARGS;DEFINES;INCLUDES;LINK;DEPENDS" ${ARGN})
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/verilated_${arg_NAME}")
  set(program "${folder}/bench_${arg_NAME}")
  list(TRANSFORM arg_DEFINES PREPEND "-D")
  list(TRANSFORM arg_INCLUDES PREPEND "-I")
  list(JOIN arg_DEFINES " " defines)
  list(JOIN arg_INCLUDES " " includes)
  get_filename_component(bench "${arg_BENCH}" ABSOLUTE)
  set(launcher "")
  if(MR_CCACHE)
    set(launcher "OBJCACHE=${MR_CCACHE}")
  endif()
  # Verilator's make does not relink when only a linked library changed, so the old program goes first.
  add_custom_command(OUTPUT "${program}"
    COMMAND ${CMAKE_COMMAND} -E rm -f "${program}"
    COMMAND ${CMAKE_COMMAND} -E env --unset=MAKEFLAGS --unset=MFLAGS ${launcher} verilator --cc --exe --build -j 1 --assert -Wall
            "${PROJECT_SOURCE_DIR}/rtl/lint/verilator.vlt" --Mdir "${folder}" --prefix Vdut --top-module "${arg_TOP}"
            ${MR_RTL_SEARCH} -CFLAGS "-O1 -ffp-contract=off ${defines} ${includes}"
            -MAKEFLAGS "-s --no-print-directory" ${arg_ARGS} ${arg_SOURCES} "${bench}" ${arg_LINK} -o "${program}"
    DEPENDS ${MR_RTL_FILES} ${arg_SOURCES} "${bench}" ${arg_LINK} ${arg_DEPENDS}
    WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
    COMMENT "Verilating bench ${arg_NAME}" VERBATIM)
  add_custom_target(bench_${arg_NAME} ALL DEPENDS "${program}")
  if(NOT DEFINED arg_SAYS)
    set(arg_SAYS "${arg_NAME}")
  endif()
  mr_add_bench_test(${arg_NAME} ${arg_SAYS} "${program}")
endfunction()

# mr_add_iverilog_bench(NAME <name> TOP <module> SOURCES <file.sv> ... [ARGS <iverilog argument> ...])
# Compiles a self-checking bench for Icarus and registers the test rtl_<name>, with the same rule for passing.
function(mr_add_iverilog_bench)
  cmake_parse_arguments(arg "" "NAME;TOP" "SOURCES;ARGS" ${ARGN})
  set(program "${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}.vvp")
  add_custom_command(OUTPUT "${program}"
    COMMAND iverilog -g2012 -Y.sv ${MR_RTL_SEARCH} -s "${arg_TOP}" -o "${program}" ${arg_ARGS} ${arg_SOURCES}
    DEPENDS ${MR_RTL_FILES} ${arg_SOURCES}
    WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
    COMMENT "Compiling bench ${arg_NAME}" VERBATIM)
  add_custom_target(bench_${arg_NAME} ALL DEPENDS "${program}")
  mr_add_bench_test(${arg_NAME} ${arg_NAME} vvp -n "${program}")
endfunction()

function(mr_add_bench_test name word)
  add_test(NAME rtl_${name} COMMAND "${PROJECT_SOURCE_DIR}/tests/run_bench.sh" ${word} ${ARGN})
  set_tests_properties(rtl_${name} PROPERTIES LABELS rtl TIMEOUT 300)
endfunction()
