"""The AlignSurvey benchmark (arXiv 2511.07871): four tasks, scored strictly and as released."""
