// Prints the statements that every database must take, as PREPAREs; queries_on_postgres.py feeds them to PostgreSQL.
#include <cstdio>

#include "catalog/queries.h"

int main() {
  using namespace berth::catalog;
  for (const QueryRow& row : kQueries) {
    if (row.dialect != Dialect::common || row.cost == Cost::control) continue;
    std::printf("PREPARE %.*s AS %s;\n", static_cast<int>(row.name.size()), row.name.data(), row.sql);
  }
  return 0;
}
