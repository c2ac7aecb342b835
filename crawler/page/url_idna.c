/*
 * url_idna: domain names outside ASCII, by libidn2 (UTS #46).
 */
#include <idn2.h>
#include <string.h>

#include "crawler/page/url_internal.h"

bool url_put_idna(struct url_writer *out, const char *domain, size_t len)
{
    char text[URL_BYTES_MAX + 1];
    char *ascii = NULL;

    if (len >= sizeof(text) || memchr(domain, '\0', len))
        return false;
    memcpy(text, domain, len);
    text[len] = '\0';
    if (idn2_to_ascii_8z(text, &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK)
        return false;
    url_put_text(out, ascii, strlen(ascii));
    idn2_free(ascii);
    return !out->full;
}
