# The two libraries as others use them: `cmake --install BUILD --component
# crawlpool`. Nothing here belongs to the program, so it is made when it is
# installed (with the tests: with all the rest).
#
# Each library is one object file in which only the names of the public headers
# are left: what it has of base/ is inside, and a program may have an arena_new()
# of its own. The objects are compiled anew: as position-independent code, that
# shared libraries may use too, and as machine code for any linker, where the
# program's own are for the optimiser.

set(pool_headers pool/pool.h pool/pool_task.h pool/pool_options.h
    pool/pool_async.h pool/pool_stats.h pool/worker.h pool/map.h)
set(shared_headers pool/shared/queue.h pool/shared/dict.h pool/shared/list.h
    pool/shared/lock.h pool/shared/process.h pool/shared/sync_bytes.h)
set(common_headers base/err.h)

# In these files a child process calls the functions of the user. They get no
# unwind tables, so a C++ exception that nobody has caught before finds the end
# of the stack there, and std::terminate() says what it was. With tables it
# would find a catch of the parent's main(), and the child would go on from
# there as a second copy of the program.
set_property(SOURCE ${PROJECT_SOURCE_DIR}/pool/worker_run.c
                    ${PROJECT_SOURCE_DIR}/pool/shared/process.c
             APPEND PROPERTY COMPILE_OPTIONS -fno-exceptions
             -fno-unwind-tables -fno-asynchronous-unwind-tables)

# crawl_parts(NAME KIND TARGET): the sources of TARGET, compiled as said above.
function(crawl_parts name kind target)
  get_target_property(sources ${target} SOURCES)
  get_target_property(folder ${target} SOURCE_DIR)
  list(TRANSFORM sources PREPEND ${folder}/)
  add_library(${name} ${kind} EXCLUDE_FROM_ALL ${sources})
  target_link_libraries(${name} PRIVATE crawl_warnings Threads::Threads)
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
                        INTERPROCEDURAL_OPTIMIZATION OFF)
endfunction()

# crawl_sealed(NAME TARGET HEADER...): libNAME.a out of TARGET and what it needs
# of base/. The names of err.h are in both libraries, and weak, so that a
# program may link with both.
function(crawl_sealed name target)
  crawl_parts(${name}_parts OBJECT ${target})
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/)
  list(TRANSFORM common_headers PREPEND ${PROJECT_SOURCE_DIR}/)
  set(names ${PROJECT_SOURCE_DIR}/scripts/header_names.awk)
  set(archive ${PROJECT_BINARY_DIR}/sealed/lib${name}.a)
  set(work ${PROJECT_BINARY_DIR}/sealed/${name})
  add_custom_command(
    OUTPUT ${archive}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${work}
    COMMAND awk -f ${names} ${ARGN} ${common_headers} > ${work}/declared
    COMMAND sed -n "s/^function //p" ${work}/declared > ${work}/public
    COMMAND awk -f ${names} ${common_headers} > ${work}/declared
    COMMAND sed -n "s/^function //p" ${work}/declared > ${work}/weak
    COMMAND ${CMAKE_LINKER} -r -o ${work}/${name}.o
            $<TARGET_OBJECTS:${name}_parts> $<TARGET_FILE:crawl_base_parts>
    COMMAND ${CMAKE_OBJCOPY} --keep-global-symbols=${work}/public
            --weaken-symbols=${work}/weak ${work}/${name}.o
    COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
    COMMAND ${CMAKE_AR} rcs ${archive} ${work}/${name}.o
    DEPENDS ${name}_parts $<TARGET_OBJECTS:${name}_parts> crawl_base_parts
            ${names} ${ARGN} ${common_headers}
    COMMAND_EXPAND_LISTS VERBATIM)
  install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR}
          COMPONENT crawlpool)
endfunction()

# Manual pages are made of the headers. The same sources give the same pages:
# SOURCE_DATE_EPOCH, if it is set, is the date.
string(TIMESTAMP man_date "%Y-%m-%d" UTC)
set(man_folder ${PROJECT_BINARY_DIR}/sealed/man3)
set(man_scripts ${PROJECT_SOURCE_DIR}/scripts/library_man.sh
    ${PROJECT_SOURCE_DIR}/scripts/header2man.awk
    ${PROJECT_SOURCE_DIR}/scripts/header_names.awk)
set(all_headers ${pool_headers} ${shared_headers} ${common_headers})
list(TRANSFORM all_headers PREPEND ${PROJECT_SOURCE_DIR}/
     OUTPUT_VARIABLE header_paths)
add_custom_command(
  OUTPUT ${man_folder}/pool.3crawl
  COMMAND sh ${PROJECT_SOURCE_DIR}/scripts/library_man.sh ${man_folder}
          ${PROJECT_VERSION} ${man_date} ${PROJECT_SOURCE_DIR} ${all_headers}
  DEPENDS ${man_scripts} ${header_paths}
  VERBATIM)

# First, so that what is made is there when the files are installed.
install(CODE "execute_process(COMMAND \"${CMAKE_COMMAND}\" --build
              \"${PROJECT_BINARY_DIR}\" --target crawl_sealed OUTPUT_QUIET
              COMMAND_ERROR_IS_FATAL ANY)"
        COMPONENT crawlpool)
crawl_parts(crawl_base_parts STATIC crawl_base)
crawl_sealed(crawlpool crawl_pool ${pool_headers})
crawl_sealed(crawlshared crawl_shared ${shared_headers})
set(with_the_rest)
if(BUILD_TESTING)
  set(with_the_rest ALL)
endif()
add_custom_target(crawl_sealed ${with_the_rest} DEPENDS
                  ${PROJECT_BINARY_DIR}/sealed/libcrawlpool.a
                  ${PROJECT_BINARY_DIR}/sealed/libcrawlshared.a
                  ${man_folder}/pool.3crawl)

set(include_folder ${CMAKE_INSTALL_INCLUDEDIR}/crawl)
foreach(header IN LISTS all_headers)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${PROJECT_SOURCE_DIR}/${header}
          DESTINATION ${include_folder}/${folder} COMPONENT crawlpool)
endforeach()
# From the pkg-config file to the prefix, so that the tree can be moved.
file(RELATIVE_PATH pc_to_prefix
     /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
foreach(library crawlpool crawlshared)
  configure_file(${library}.pc.in ${library}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${library}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT crawlpool)
endforeach()
install(DIRECTORY ${man_folder}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man3
        COMPONENT crawlpool)
