# cmake -D FOLDER=queries -D NAMES="status,mime" -D OUT=queries.c
#       -P embed_queries.cmake
# Makes a C table of the named queries (struct query_info), in the order of
# NAMES. The first line of a file, a comment, says what the query shows; one
# that means nothing without links says "Needs stored links."
set(rows "")
string(REPLACE "," ";" NAMES "${NAMES}")
foreach(name ${NAMES})
  file(READ ${FOLDER}/${name}.sql text)
  if(NOT text MATCHES "^-- ([^\n]+)\n")
    message(FATAL_ERROR "${name}.sql: its first line is no comment")
  endif()
  set(shows "${CMAKE_MATCH_1}")
  set(needs_links false)
  if(text MATCHES "\n-- Needs stored links\\.\n")
    set(needs_links true)
  endif()
  string(REGEX REPLACE "^(--[^\n]*\n)+" "" text "${text}")
  string(REGEX REPLACE "\n$" "" text "${text}")
  foreach(part shows text)
    string(REPLACE "\\" "\\\\" ${part} "${${part}}")
    string(REPLACE "\"" "\\\"" ${part} "${${part}}")
    string(REPLACE "\n" "\\n\"\n     \"" ${part} "${${part}}")
  endforeach()
  string(APPEND rows "    {\"${name}\", \"${shows}\",\n     \"${text}\",\n     ${needs_links}},\n")
endforeach()
file(WRITE ${OUT} "/* Made from storage/queries by embed_queries.cmake. */\n"
     "#include \"storage/sqlite/sqlite_reader.h\"\n\n"
     "const struct query_info sqlite_queries[] = {\n${rows}};\n"
     "const size_t nr_sqlite_queries =\n"
     "    sizeof(sqlite_queries) / sizeof(sqlite_queries[0]);\n")
