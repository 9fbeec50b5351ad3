#include "berth/cli/command_line.h"

int main(int argc, char** argv) { return berth::cli::run(argc, argv); }
