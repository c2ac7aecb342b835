# cmake -D IN=schema.sql -D OUT=schema.c -P embed.cmake
# Makes a C string of the schema for SQLite: without the comments and without
# the lines marked for PostgreSQL.
file(READ ${IN} text)
string(REGEX REPLACE "[^\n]*-- postgresql\n" "" text "${text}")
string(REGEX REPLACE " *--[^\n]*\n" "\n" text "${text}")
string(REGEX REPLACE "\n\n+" "\n" text "${text}")
string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE "\n" "\\n\"\n\"" text "${text}")
file(WRITE ${OUT} "/* made from schema.sql by embed.cmake */\n"
     "extern const char storage_schema[];\n"
     "const char storage_schema[] =\n\"${text}\";\n")
