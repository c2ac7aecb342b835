/*
 * Replays a corpus through a fuzz target built without libFuzzer, so that
 * every compiler and sanitizer checks the same inputs: each argument is a file
 * or a folder of files.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat st;
    uint8_t *data;
    size_t len;

    if (!file || fstat(fileno(file), &st) != 0) {
        perror(path);
        exit(1);
    }
    /* exactly as large as the input, so that a read past it is seen */
    data = malloc((size_t)st.st_size);
    len = fread(data, 1, (size_t)st.st_size, file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, len);
    free(data);
    return 1;
}

static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[4096];
    int nr = 0;

    if (!dir)
        return replay_file(folder);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        nr += replay_file(path);
    }
    closedir(dir);
    return nr;
}

int main(int argc, char **argv)
{
    int nr = 0;

    for (int i = 1; i < argc; i++)
        nr += replay_folder(argv[i]);
    printf("%d inputs replayed\n", nr);
    return nr ? 0 : 1; /* an empty corpus shows nothing */
}
