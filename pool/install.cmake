# The library by itself: `cmake --install BUILD --component crawlpool`.

set(public_headers pool pool_task pool_options pool_async pool_stats worker map
    shared/queue shared/dict shared/list shared/lock shared/process)

set_target_properties(crawl_pool PROPERTIES OUTPUT_NAME crawlpool)
set_target_properties(crawl_shared PROPERTIES OUTPUT_NAME crawlshared)
set_target_properties(crawl_base PROPERTIES OUTPUT_NAME crawlbase)
if(CMAKE_INTERPROCEDURAL_OPTIMIZATION)
  # Machine code beside the compiler's own, for those who link with another.
  target_compile_options(crawl_pool PRIVATE -ffat-lto-objects)
  target_compile_options(crawl_shared PRIVATE -ffat-lto-objects)
  target_compile_options(crawl_base PRIVATE -ffat-lto-objects)
endif()

# Manual pages are made of the headers. The same sources give the same pages:
# SOURCE_DATE_EPOCH, if it is set, is the date.
string(TIMESTAMP man_date "%Y-%m-%d" UTC)
foreach(header IN LISTS public_headers)
  get_filename_component(name ${header} NAME)
  set(page ${CMAKE_CURRENT_BINARY_DIR}/man/${name}.3crawl)
  set(script ${PROJECT_SOURCE_DIR}/scripts/header2man.awk)
  add_custom_command(
    OUTPUT ${page}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/man
    COMMAND awk -v name=${name} -v include=pool/${header}.h
            -v version=${PROJECT_VERSION} -v date=${man_date} -f ${script}
            ${CMAKE_CURRENT_SOURCE_DIR}/${header}.h > ${page}
    DEPENDS ${header}.h ${script}
    VERBATIM)
  list(APPEND man_pages ${page})
endforeach()
add_custom_target(crawl_pool_man DEPENDS ${man_pages})
# Whoever builds the library has its pages, so that an install finds them.
add_dependencies(crawl_pool crawl_pool_man)

# From the pkg-config file to the prefix, so that the tree can be moved.
file(RELATIVE_PATH pc_to_prefix
     /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
install(TARGETS crawl_pool crawl_shared crawl_base
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT crawlpool)
set(include_folder ${CMAKE_INSTALL_INCLUDEDIR}/crawl)
foreach(header IN LISTS public_headers ITEMS shared/sync_bytes)
  get_filename_component(folder pool/${header} DIRECTORY)
  install(FILES ${header}.h DESTINATION ${include_folder}/${folder}
          COMPONENT crawlpool)
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/base/err.h
        DESTINATION ${include_folder}/base COMPONENT crawlpool)
foreach(library crawlpool crawlshared)
  configure_file(${library}.pc.in ${library}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${library}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT crawlpool)
endforeach()
install(FILES ${man_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man3
        COMPONENT crawlpool)
