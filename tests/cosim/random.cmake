# SPDX-License-Identifier: Apache-2.0
# The Verilated chip against the functional model, register by register: random programs and the rules of access.
add_library(mr_cosim_pair STATIC pair.c)
target_include_directories(mr_cosim_pair PUBLIC .)
target_link_libraries(mr_cosim_pair PUBLIC mr_hal mr_firmware mr_backend_sim mr_backend_model PRIVATE mr_warnings)

add_executable(test_random_programs test_random_programs.c rand_gen.c rand_prog.c)
target_link_libraries(test_random_programs PRIVATE mr_cosim_pair mr_warnings)
foreach(seed 1 2)
  add_test(NAME cosim_random_${seed} COMMAND test_random_programs ${seed} 300)
  set_tests_properties(cosim_random_${seed} PROPERTIES LABELS cosim TIMEOUT 600)
endforeach()

# Two KV channels, 1 to 4 heads.
add_test(NAME cosim_random_sdr-100x2 COMMAND test_random_programs 3 300 sdr-100x2)
set_tests_properties(cosim_random_sdr-100x2 PROPERTIES LABELS cosim TIMEOUT 600)

add_executable(test_chip_rules test_chip_rules.c rand_gen.c rand_prog.c)
target_link_libraries(test_chip_rules PRIVATE mr_cosim_pair mr_warnings)
add_test(NAME cosim_chip_rules COMMAND test_chip_rules)
set_tests_properties(cosim_chip_rules PROPERTIES LABELS cosim TIMEOUT 600)

add_executable(test_kv_admin test_kv_admin.c rand_gen.c rand_prog.c)
target_link_libraries(test_kv_admin PRIVATE mr_cosim_pair mr_warnings)
foreach(seed 1 20261121)
  add_test(NAME cosim_kv_admin_${seed} COMMAND test_kv_admin ${seed} 900)
  set_tests_properties(cosim_kv_admin_${seed} PROPERTIES LABELS cosim TIMEOUT 600)
endforeach()
foreach(dram ddr4-2400 lpddr4-3200 hbm2-pc stacked sdr-100x2)
  add_test(NAME cosim_kv_admin_${dram} COMMAND test_kv_admin 2 900 ${dram})
  set_tests_properties(cosim_kv_admin_${dram} PROPERTIES LABELS cosim TIMEOUT 600)
endforeach()
