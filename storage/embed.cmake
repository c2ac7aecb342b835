# cmake -D IN=schema.sql -D OUT=schema.c -D NAME=storage_schema -P embed.cmake
# Makes a C string of SQL for SQLite: without the comments and without the lines
# marked for PostgreSQL.
file(READ ${IN} text)
string(REGEX REPLACE "[^\n]*-- postgresql\n" "" text "${text}")
string(REGEX REPLACE " *--[^\n]*\n" "\n" text "${text}")
string(REGEX REPLACE "\n\n+" "\n" text "${text}")
string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE "\n" "\\n\"\n\"" text "${text}")
file(WRITE ${OUT} "/* made from ${IN} by embed.cmake */\n"
     "extern const char ${NAME}[];\n"
     "const char ${NAME}[] =\n\"${text}\";\n")
