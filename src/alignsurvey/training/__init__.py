"""SurveyLM: two-stage fine-tuning of a language model on survey answers and interviews."""
