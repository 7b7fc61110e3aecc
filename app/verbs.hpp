#pragma once

#include <string>
#include <vector>

namespace apical {

/// What follows the verb on the command line. Each verb returns its exit code and throws an Error otherwise.
using Arguments = std::vector<std::string>;

int new_verb(const Arguments& arguments);
int check_verb(const Arguments& arguments);
int run_verb(const Arguments& arguments);
int replay_verb(const Arguments& arguments);
int resume_verb(const Arguments& arguments);
int report_verb(const Arguments& arguments);
int sweep_verb(const Arguments& arguments);
int single_verb(const Arguments& arguments);
int stp_verb(const Arguments& arguments);
int export_verb(const Arguments& arguments);
int evaluate_verb(const Arguments& arguments);
int data_verb(const Arguments& arguments);
int info_verb(const Arguments& arguments);
int explain_verb(const Arguments& arguments);
int selftest_verb(const Arguments& arguments);
int bench_verb(const Arguments& arguments);

inline constexpr int interrupted_exit_code = 130;

/// "apical 0.1.0", and further lines with the commit, the compiler and the libraries.
std::string version_text();

}  // namespace apical
