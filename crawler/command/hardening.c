/* Reads the program headers and the dynamic section of this program, which the
 * loader has mapped already: elf(5). */
#include "crawler/command/hardening.h"

#include <elf.h>
#include <link.h>

#include "base/text.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* The dynamic section says how the program was linked: DT_FLAGS and DT_FLAGS_1
 * are sets of flags. */
static uint32_t read_dynamic(const ElfW(Dyn) * entry)
{
    uint32_t parts = 0;

    for (; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_BIND_NOW))
            parts |= HARDENING_RELRO;
        if (entry->d_tag == DT_FLAGS_1 && (entry->d_un.d_val & DF_1_NOW))
            parts |= HARDENING_RELRO;
        if (entry->d_tag == DT_FLAGS_1 && (entry->d_un.d_val & DF_1_PIE))
            parts |= HARDENING_PIE;
    }
    return parts;
}

/* The loader reports the program before its libraries, so the first call ends
 * the walk. RELRO counts only as a whole: a segment that becomes read-only, and
 * all addresses bound before that. */
static int read_program(struct dl_phdr_info *info, size_t bytes, void *ctx)
{
    uint32_t *parts = ctx, linked = 0;
    int has_relro = 0;

    (void)bytes;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];

        if (header->p_type == PT_DYNAMIC)
            linked = read_dynamic(
                (const ElfW(Dyn) *)(info->dlpi_addr + header->p_vaddr));
        else if (header->p_type == PT_GNU_RELRO)
            has_relro = 1;
        else if (header->p_type == PT_GNU_STACK && !(header->p_flags & PF_X))
            *parts |= HARDENING_STACK;
    }
    *parts |= has_relro ? linked : linked & ~(uint32_t)HARDENING_RELRO;
    return 1;
}

uint32_t hardening_parts(void)
{
    uint32_t parts = 0;

    dl_iterate_phdr(read_program, &parts);
#if defined(__SSP_STRONG__) || defined(__SSP_ALL__)
    parts |= HARDENING_CANARY;
#endif
#if defined(_FORTIFY_SOURCE) && _FORTIFY_SOURCE >= 2
    parts |= HARDENING_FORTIFY;
#endif
#if defined(__CET__) && __CET__ == 3
    parts |= HARDENING_CET;
#endif
    return parts;
}

void hardening_describe(uint32_t parts, char *out, size_t cap)
{
    static const char *const names[] = {"PIE",      "RELRO",   "stack",
                                        "canaries", "fortify", "CET"};

    text_name_bits(parts, names, NR(names), out, cap);
}
