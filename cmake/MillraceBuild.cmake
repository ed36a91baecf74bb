# SPDX-License-Identifier: Apache-2.0
# Language level, default optimisation, sanitizers, compiler cache, and the target mr_warnings.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

get_property(mr_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT mr_multi_config AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()

# -O2 without NDEBUG: internal assertions stay on. A hot target may add -O3 to itself.
foreach(lang C CXX)
  set(CMAKE_${lang}_FLAGS_RELEASE "-O2")
  set(CMAKE_${lang}_FLAGS_RELWITHDEBINFO "-O2 -g")
  set(CMAKE_${lang}_FLAGS_DEBUG "-O0 -g")
endforeach()

# The arithmetic contract forbids fusing a multiply and an add behind the source's back.
add_compile_options(-ffp-contract=off)

if(MR_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=address,undefined)
endif()

if(MR_TSAN)
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=thread)
endif()

if(MR_COVERAGE)
  add_link_options(--coverage)
endif()

# mr_count_coverage(<target>): with MR_COVERAGE its code has counters, and lines and branches as they are written. The rest, the functional model
# first of all, is as fast as ever.
function(mr_count_coverage target)
  if(MR_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage -O0 -g)
  endif()
endfunction()

find_program(MR_CCACHE ccache)
mark_as_advanced(MR_CCACHE)
if(MR_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${MR_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${MR_CCACHE}")
endif()

# Link to mr_warnings (PRIVATE) from every target that holds our own C.
add_library(mr_warnings INTERFACE)
target_compile_options(mr_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-qual
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
  -Wvla -Wswitch-enum
  $<$<BOOL:${MR_WERROR}>:-Werror>)
