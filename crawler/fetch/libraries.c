/* What libraries.h says of libcurl is asked from libcurl that runs, which may
 * not be the one that the program was built with. */
#include "crawler/fetch/libraries.h"

#include <curl/curl.h>

#include "crawler/names/names.h"

const char *fetch_library_versions(void)
{
    return curl_version();
}

const char *fetch_ca_file(void)
{
    return curl_version_info(CURLVERSION_NOW)->cainfo;
}

const char *fetch_resolver(void)
{
    return names_library();
}
