"""Scores, tests and report of a back-test, from one table of forecasts.

Where do I go to ...
    make or read the table of forecasts     schema
    judge a table and write all files       results (with the facts of about)
    get scores as plain rows                scores, made of measures and cross_section
    compare models                          pairwise_tests, model_sets, on lead_losses
    test the mean of a series of dates      mean_test
    put the outcome into words              verdict, from standings
    change a table, a plot                  report_tables, plots_*
    the page that all reports share         page, templates
"""
