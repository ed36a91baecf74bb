# SPDX-License-Identifier: Apache-2.0
# cmake -D SOURCE=<repository> -D OUT=<header> -P GitHash.cmake: writes MR_GIT_HASH, the commit's first 32 bits, 0 without git.
execute_process(COMMAND git -C "${SOURCE}" rev-parse --short=8 HEAD OUTPUT_VARIABLE hash ERROR_QUIET
                OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
if(NOT status EQUAL 0 OR NOT hash MATCHES "^[0-9a-f]+$")
  set(hash 0)
endif()
string(SUBSTRING "${hash}" 0 8 hash)
file(CONFIGURE OUTPUT "${OUT}" CONTENT "#define MR_GIT_HASH 0x${hash}u\n")
