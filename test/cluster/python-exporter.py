"""An agent in another language: three spans of one run, by the exporter of OpenTelemetry as its users set it up."""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode

# Endpoint, headers and compression come from OTEL_EXPORTER_OTLP_*.
provider = TracerProvider(resource=Resource.create({"service.name": "a python agent"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("agent")

with tracer.start_as_current_span("invoke_agent planner") as run:
    run.set_attribute("gen_ai.operation.name", "invoke_agent")
    run.set_attribute("gen_ai.agent.name", "planner")
    run.set_attribute("gen_ai.conversation.id", "talk-1")
    with tracer.start_as_current_span("chat gpt-x") as chat:
        chat.set_attribute("gen_ai.operation.name", "chat")
        chat.set_attribute("gen_ai.system", "openai")
        chat.set_attribute("gen_ai.request.model", "gpt-x")
        chat.set_attribute("gen_ai.response.finish_reasons", ["tool_calls"])
        chat.set_attribute("gen_ai.usage.input_tokens", 1234567890123)
        chat.set_attribute("gen_ai.usage.output_tokens", 7)
        chat.set_attribute("gen_ai.input.messages", "a secret of the user")
        chat.add_event("gen_ai.user.message", {"content": "a secret of the user"})
    with tracer.start_as_current_span("execute_tool search") as tool:
        tool.set_attribute("gen_ai.operation.name", "execute_tool")
        tool.set_attribute("gen_ai.tool.name", "search")
        tool.set_attribute("error.type", "TimeoutError")
        tool.set_status(Status(StatusCode.ERROR, "a secret of the user"))

provider.shutdown()
