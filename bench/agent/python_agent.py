"""The peer: the same agent as a FastAPI server around LangGraph's ReAct agent, straight to the same upstream.

Run by uvicorn with uvloop and httptools, as its documentation advises for production. UPSTREAM is the base URL.
"""

import os

from fastapi import FastAPI
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

SYSTEM = "You sort the mail of a small shop. Answer with one word."


@tool
def calculate(expression: str) -> str:
    """Evaluates an arithmetic expression."""
    return str(eval(compile(expression, "expression", "eval"), {"__builtins__": {}}, {}))


class Input(BaseModel):
    mail: str


class Run(BaseModel):
    input: Input


model = ChatOpenAI(
    base_url=os.environ["UPSTREAM"],
    api_key="sk-bench",
    model="bench-model",
    temperature=0,
    max_retries=1,
)
agents = {
    "triage": create_agent(model, tools=[], system_prompt=SYSTEM),
    "calculator": create_agent(model, tools=[calculate], system_prompt=SYSTEM),
}
app = FastAPI()


async def answer(name: str, run: Run) -> dict:
    state = await agents[name].ainvoke({"messages": [{"role": "user", "content": run.input.mail}]})
    message = state["messages"][-1]
    return {"status": "succeeded", "output": message.content, "usage": message.usage_metadata}


@app.post("/triage/v1/runs")
async def triage(run: Run) -> dict:
    return await answer("triage", run)


@app.post("/calculator/v1/runs")
async def calculator(run: Run) -> dict:
    return await answer("calculator", run)
