/* list_kind: any bytes are judged, and the sentence about them has an end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/list/list_kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct list_kind kind = list_kind_of(data, size);
    char text[LIST_KIND_TEXT_BYTES];

    if (!kind.name)
        return 0;
    list_kind_describe(&kind, "it's.txt", text);
    if (!strstr(text, kind.name) || strchr(text, '@'))
        abort();
    return 0;
}
