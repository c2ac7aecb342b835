/*
 * main: `crawl urls.txt` is `crawl run urls.txt`; the other commands read what
 * a run has left. All of them are in crawler/command/.
 */
#include "crawler/command/commands.h"

int main(int argc, char **argv)
{
    return commands_run(argc, argv);
}
