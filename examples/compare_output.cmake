# Runs PROGRAM and compares its standard output with the file EXPECTED.
execute_process(COMMAND ${PROGRAM} RESULT_VARIABLE status
                OUTPUT_VARIABLE output TIMEOUT 50)
file(READ ${EXPECTED} expected)
if(NOT status STREQUAL "0")
  message(FATAL_ERROR "${PROGRAM} ended with ${status}")
endif()
if(NOT output STREQUAL expected)
  message(FATAL_ERROR "printed:\n${output}\nexpected:\n${expected}")
endif()
