#include "crawler/fetch/version.h"

#include <curl/curl.h>

const char *fetch_library_versions(void)
{
    return curl_version();
}
