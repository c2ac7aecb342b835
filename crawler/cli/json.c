/* Prints JSON strings. Text is cleaned as for any other output first; what is
 * left to do is the quoting. */
#include "crawler/cli/json.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/xalloc.h"

void json_print_text(FILE *out, const void *data, size_t len)
{
    size_t cap = len * 3 + 1; /* a byte can become U+FFFD */
    unsigned char *clean = xmalloc(cap);

    len = text_repair(data, len, (char *)clean, cap);
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = clean[i];
        /* C1 is C2 80 to C2 9F in UTF-8 */
        bool c1 = byte == 0xc2 && i + 1 < len && clean[i + 1] < 0xa0;

        if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            fprintf(out, "\\u%04x", byte);
        else if (c1)
            fprintf(out, "\\u%04x", clean[++i]);
        else
            fputc(byte, out);
    }
    fputc('"', out);
    free(clean);
}
