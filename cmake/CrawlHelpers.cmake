# Flags shared by every target, and the three ways to make a test.

include(CheckCCompilerFlag)

# Adds the flags that this compiler has. Each makes a bug harder to use:
#   -fcf-protection             jumps and returns lead where calls came from
#   -fstack-clash-protection    a large frame cannot jump over the guard page
#   -ftrivial-auto-var-init     variables without a value hold 0, not leftovers
#   _FORTIFY_SOURCE=3           copies stop at the end of a buffer, also of one
#                               whose size is known only while it runs
function(crawl_harden)
  set(CMAKE_REQUIRED_QUIET ON)
  foreach(flag -fcf-protection=full -fstack-clash-protection
               -ftrivial-auto-var-init=zero)
    string(MAKE_C_IDENTIFIER "CRAWL_HAS${flag}" known)
    check_c_compiler_flag(${flag} ${known})
    if(${known})
      add_compile_options(${flag})
    endif()
  endforeach()
  set(level 2)
  if(CMAKE_C_COMPILER_ID STREQUAL GNU AND
     CMAKE_C_COMPILER_VERSION VERSION_GREATER_EQUAL 12)
    set(level 3)
  endif()
  add_compile_options(-fstack-protector-strong -U_FORTIFY_SOURCE
                      -D_FORTIFY_SOURCE=${level} -fPIE)
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
endfunction()

function(crawl_setup_flags)
  add_library(crawl_warnings INTERFACE)
  target_compile_options(crawl_warnings INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes
    -Wmissing-prototypes -Wformat=2 -Wno-missing-field-initializers)
  if(CRAWL_WERROR)
    target_compile_options(crawl_warnings INTERFACE -Werror)
  endif()
  target_compile_definitions(crawl_warnings INTERFACE
    _GNU_SOURCE CRAWL_VERSION="${PROJECT_VERSION}")
  target_include_directories(crawl_warnings INTERFACE ${PROJECT_SOURCE_DIR})

  if(CRAWL_SANITIZE)
    add_compile_options(-fsanitize=${CRAWL_SANITIZE} -fno-omit-frame-pointer
                        -fno-sanitize-recover=undefined)
    add_link_options(-fsanitize=${CRAWL_SANITIZE})
  elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    crawl_harden()
    add_compile_options(-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
    add_link_options(-Wl,--as-needed)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON PARENT_SCOPE)
  endif()
  if(CRAWL_COVERAGE)
    add_compile_options(--coverage)
    add_link_options(--coverage)
  endif()
  if(CRAWL_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
  endif()
endfunction()

# crawl_library(NAME SOURCES ... [PUBLIC libs] [PRIVATE libs])
function(crawl_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC}
                        PRIVATE crawl_warnings ${ARG_PRIVATE})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# crawl_made(FILE TOOL libs...)
# A source that TOOL, built of TOOL.c, prints when the project is built. It is
# included as FILE; its path is in the variable TOOL_made.
function(crawl_made file tool)
  set(path ${PROJECT_BINARY_DIR}/made/${file})
  get_filename_component(folder ${path} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_executable(${tool} ${tool}.c)
  target_link_libraries(${tool} PRIVATE crawl_warnings ${ARGN})
  add_custom_command(OUTPUT ${path} COMMAND ${tool} > ${path}
                     DEPENDS ${tool} VERBATIM)
  set(${tool}_made ${path} PARENT_SCOPE)
endfunction()

# crawl_test(NAME SOURCES ... LIBS ... [LABEL unit] [TIMEOUT seconds])
# One cmocka executable, one ctest entry.
function(crawl_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;LIBS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE crawl_warnings ${ARG_LIBS}
                        PkgConfig::CMOCKA)
  target_compile_definitions(${name} PRIVATE
    TEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    TEST_BINARY_DIR="${PROJECT_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL}
                       TIMEOUT ${ARG_TIMEOUT})
endfunction()

# crawl_fuzzer(NAME SOURCES ... LIBS ...)
# Its source defines LLVMFuzzerTestOneInput. The corpus lies in
# tests/fuzz/corpus/NAME; without CRAWL_FUZZ the target replays it.
function(crawl_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(fuzz_${name} ${ARG_SOURCES})
  if(CRAWL_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz_${name} PRIVATE
                   ${PROJECT_SOURCE_DIR}/tests/support/fuzz_replay.c)
    add_test(NAME fuzz_replay_${name}
             COMMAND fuzz_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(fuzz_replay_${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
  target_link_libraries(fuzz_${name} PRIVATE crawl_warnings ${ARG_LIBS})
endfunction()
