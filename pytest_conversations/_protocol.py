"""Words that the API, HTTP and the files themselves are made of.

A value that is one of them, or a part of one, is no secret, and taking it out would break each
recording: it is what somebody put in place of a key. Only words of eight characters count here.
"""

WORDS = """
agent.handoff agent.handoff.done agent.handoff.started agent_id agent_version application/json
arguments assistant authorization block_on_error code_interpreter completed_at completion_args
completion_tokens confirmation confirmation_status connector connector_id connector_tokens
connectors content_index conversation conversation.response conversation.response.done
conversation.response.error conversation.response.started conversation_id conversations created_at
criminal custom_category_thresholds dangerous dangerous_and_criminal_content description
document_library document_name document_url file_name file_type financial frequency_penalty
from_entry_id function function.call function.call.delta function.result guardrails
handoff_execution hate_and_discrimination ignore_other_categories image_generation image_url
instructions jailbreaking json_object json_schema library_ids max_tokens message.input
message.output message.output.delta messages metadata mistral_mcp model_name moderation_llm_v1
moderation_llm_v2 next_agent_id next_agent_name oauth2-token output_index page_size parameters
prediction presence_penalty previous_agent_id previous_agent_name prompt_tokens random_seed
reasoning_effort reference reference_ids required requires_confirmation response_format selfharm
signature temperature text/event-stream thinking tool.execution tool.execution.delta
tool.execution.done tool.execution.started tool_call_id tool_choice tool_configuration
tool_confirmations tool_file tool_reference total_tokens updated_at violence_and_threats web_search
web_search_premium
accept-encoding cache-control content-encoding content-length content-type gzip, deflate, br, zstd
keep-alive mistral-client-python mistral-correlation-id python-httpx python-httpx2 retry-after
set-cookie transfer-encoding user-agent x-kong-request-id x-ratelimit-limit-tokens-minute
x-ratelimit-remaining-tokens-minute
https://api.mistral.ai/v1/conversations pytest-conversations pytest-conversations-sandbox
interactions metadata recorded_at recorder: response: end_mark: request: <MISTRAL_API_KEY>
<AUTHORIZATION>
"""
