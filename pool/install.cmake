# The library by itself: `cmake --install BUILD --component crawlpool`.

set(public_headers pool pool_task pool_options pool_handle pool_stats worker map queue dict list lock process)

set_target_properties(crawl_pool PROPERTIES OUTPUT_NAME crawlpool)
set_target_properties(crawl_base PROPERTIES OUTPUT_NAME crawlbase)
if(CMAKE_INTERPROCEDURAL_OPTIMIZATION)
  # Machine code beside the compiler's own, for those who link with another.
  target_compile_options(crawl_pool PRIVATE -ffat-lto-objects)
  target_compile_options(crawl_base PRIVATE -ffat-lto-objects)
endif()

# Manual pages are made of the headers. The same sources give the same pages:
# SOURCE_DATE_EPOCH, if it is set, is the date.
string(TIMESTAMP man_date "%Y-%m-%d" UTC)
foreach(name IN LISTS public_headers)
  set(page ${CMAKE_CURRENT_BINARY_DIR}/man/${name}.3crawl)
  set(script ${PROJECT_SOURCE_DIR}/scripts/header2man.awk)
  add_custom_command(
    OUTPUT ${page}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/man
    COMMAND awk -v name=${name} -v version=${PROJECT_VERSION}
            -v date=${man_date} -f ${script}
            ${CMAKE_CURRENT_SOURCE_DIR}/${name}.h > ${page}
    DEPENDS ${name}.h ${script}
    VERBATIM)
  list(APPEND man_pages ${page})
  list(APPEND header_files ${name}.h)
endforeach()
add_custom_target(crawl_pool_man DEPENDS ${man_pages})
# Whoever builds the library has its pages, so that an install finds them.
add_dependencies(crawl_pool crawl_pool_man)

# From the pkg-config file to the prefix, so that the tree can be moved.
file(RELATIVE_PATH pc_to_prefix
     /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(crawlpool.pc.in crawlpool.pc @ONLY)
install(TARGETS crawl_pool crawl_base
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT crawlpool)
install(FILES ${header_files} sync_bytes.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/crawl/pool
        COMPONENT crawlpool)
install(FILES ${PROJECT_SOURCE_DIR}/base/err.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/crawl/base
        COMPONENT crawlpool)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/crawlpool.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT crawlpool)
install(FILES ${man_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man3
        COMPONENT crawlpool)
