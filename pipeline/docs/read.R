# Reads a run in R: Rscript pipeline/docs/read.R RUN_FOLDER
# Needs passages.csv, which every run writes; uses passages.dta and run.sqlite where they were exported.
folder <- commandArgs(trailingOnly = TRUE)[1]

passages <- read.csv(file.path(folder, "passages.csv"), fileEncoding = "UTF-8-BOM", check.names = FALSE)
cat("passages", nrow(passages), "planning", sum(passages$path_planning > 0), "\n")

# take the mark away that keeps spreadsheets from executing a text
unmark <- function(text) sub("^'(?='*[\\s\\p{C}]*[=+\\-@＝＋－＠﹦﹢﹣﹫])", "", text, perl = TRUE)
passages$reading <- unmark(passages$reading)

stata <- file.path(folder, "passages.dta")
if (file.exists(stata)) {
  labelled <- haven::read_dta(stata)
  print(table(haven::as_factor(labelled$path_planning)))
}

sqlite <- file.path(folder, "run.sqlite")
if (file.exists(sqlite)) {
  run <- DBI::dbConnect(RSQLite::SQLite(), sqlite)
  print(DBI::dbGetQuery(run, "select code, sum(n_passages) as n from codes_by_year group by code order by n desc limit 3"))
  DBI::dbDisconnect(run)
}

parquet <- file.path(folder, "passages.parquet")
if (file.exists(parquet) && requireNamespace("arrow", quietly = TRUE)) {
  print(dim(arrow::read_parquet(parquet)))
}
