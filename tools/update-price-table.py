"""Writes domain/pricing/price-table.json, the built-in list of token prices.

    python3 -m venv /tmp/prices && /tmp/prices/bin/pip install genai-prices
    pip download --no-deps litellm -d /tmp/prices
    /tmp/prices/bin/python tools/update-price-table.py --litellm-wheel /tmp/prices/litellm-*.whl
    npm exec oxfmt domain/pricing/price-table.json

genai-prices (MIT, Pydantic) is the source: it keeps the history of prices and the rules by which names match.
LiteLLM (MIT, BerriAI) fills in models that genai-prices does not know, by exact name. Only prices of text (and of
images counted as text tokens) for single requests at the standard tier are taken, because that is all the router
ever asks for. Where the sources disagree, genai-prices wins and the difference is printed for a person to judge.
"""

import argparse
import json
import re
import sys
import zipfile
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

from genai_prices import types
from genai_prices.data import providers

TABLE = Path(__file__).parent.parent / 'domain' / 'pricing' / 'price-table.json'
PROVIDERS = {'openai': 'OpenAI', 'anthropic': 'Anthropic', 'google': 'Gemini'}
LITELLM_PREFIXES = {'openai': 'OpenAI', 'anthropic': 'Anthropic', 'gemini': 'Gemini'}
LITELLM_MODES = {'chat', 'responses', 'embedding'}

# Their answers or inputs have tokens of another kind, with a price that no rate of ours can say.
OTHER_MODALITIES = re.compile(
    r'image|audio|realtime|live|tts|transcribe|omni|video|whisper|search-|computer-use|deep-research|lyria'
    r'|nano-banana|container|ft:|\.ft-'
)
RATES = {
    'input': 'input_mtok',
    'cachedInput': 'cache_read_mtok',
    'cacheWrite': 'cache_write_mtok',
    'output': 'output_mtok',
}
LITELLM_RATES = {
    'input': 'input_cost_per_token',
    'cachedInput': 'cache_read_input_token_cost',
    'cacheWrite': 'cache_creation_input_token_cost',
    'output': 'output_cost_per_token',
}


def decimal_text(amount: Decimal) -> str:
    """US dollars without exponent and without idle zeros; the reader allows nine decimals."""
    text = format(amount.normalize(), 'f')
    if len(text.partition('.')[2]) > 9:
        raise ValueError(f'{text} has more than nine decimals')
    return text


def rates_at(price: types.ModelPrice, threshold: int | None) -> dict[str, str]:
    """The rates of a request with more input tokens than `threshold`, or the base rates."""
    rates = {}
    for name, key in RATES.items():
        value = getattr(price, key)
        if isinstance(value, types.TieredPrices):
            tiers = [tier for tier in value.tiers if threshold is not None and tier.start <= threshold]
            value = tiers[-1].price if tiers else value.base
        if value is not None:
            rates[name] = decimal_text(value)
    return rates


def price_entry(price: types.ModelPrice) -> dict:
    values = [getattr(price, key) for key in RATES.values()]
    thresholds = sorted({tier.start for value in values if isinstance(value, types.TieredPrices) for tier in value.tiers})
    entry = {**rates_at(price, None)}
    if thresholds:
        entry['longContext'] = [{'aboveInputTokens': start, **rates_at(price, start)} for start in thresholds]
    return entry


def history(model: types.ModelInfo) -> list[dict]:
    """Rising by date; the first holds since ever. Times of day are not known to these providers."""
    if isinstance(model.prices, types.ModelPrice):
        return [price_entry(model.prices)]
    entries = []
    for conditional in model.prices:
        constraint = conditional.constraint
        if constraint is not None and not isinstance(constraint, types.StartDateConstraint):
            raise ValueError(f'{model.id}: a price with {constraint} cannot be told by a date')
        start = {} if constraint is None else {'effectiveFrom': constraint.start_date.isoformat()}
        entry = {**start, **price_entry(conditional.prices)}
        # A step that changed none of our rates (a price of web searches, say) is no step.
        if entries and {**entries[-1], **start} == entry:
            continue
        entries.append(entry)
    return entries


def match_rule(clause) -> dict:
    if isinstance(clause, types.ClauseOr):
        return {'or': [match_rule(part) for part in clause.or_]}
    if isinstance(clause, types.ClauseAnd):
        return {'and': [match_rule(part) for part in clause.and_]}
    if isinstance(clause, types.ClauseStartsWith):
        return {'startsWith': clause.starts_with.lower()}
    if isinstance(clause, types.ClauseEndsWith):
        return {'endsWith': clause.ends_with.lower()}
    if isinstance(clause, types.ClauseContains):
        return {'contains': clause.contains.lower()}
    if isinstance(clause, types.ClauseEquals):
        return {'equals': clause.equals.lower()}
    if isinstance(clause, types.ClauseRegex):
        return {'regex': clause.regex}
    raise ValueError(f'unknown match rule {clause}')


def is_text_model(model: types.ModelInfo, provider_id: str) -> bool:
    if OTHER_MODALITIES.search(model.id):
        return False
    # Google resells Claude elsewhere; its Gemini API does not serve it.
    if provider_id == 'google' and not model.id.startswith(('gemini', 'gemma', 'text-embedding')):
        return False
    prices = model.prices if isinstance(model.prices, list) else [model.prices]
    # An input price missing means billed by something else, never free.
    return all(getattr(getattr(price, 'prices', price), 'input_mtok') is not None for price in prices)


def from_genai_prices() -> dict[str, list[dict]]:
    table = {name: [] for name in PROVIDERS.values()}
    for provider in providers:
        if provider.id not in PROVIDERS:
            continue
        for model in provider.models:
            if is_text_model(model, provider.id):
                entry = {'id': model.id, 'match': match_rule(model.match), 'prices': history(model)}
                table[PROVIDERS[provider.id]].append(entry)
        refuse_stray_matches(provider)
    return table


def refuse_stray_matches(provider: types.Provider) -> None:
    """A model left out must not be caught by the rule of one that was taken: it would be billed at a wrong price."""
    taken = [model for model in provider.models if is_text_model(model, provider.id)]
    for model in provider.models:
        catcher = next((other for other in taken if other.is_match(model.id)), None)
        if model not in taken and catcher is not None:
            raise ValueError(f'{model.id} is left out, but the rule of {catcher.id} matches it')


def litellm_price(model: dict) -> dict:
    """LiteLLM writes dollars for one token as JSON numbers, read here as decimals."""
    entry = {name: decimal_text(model[key] * 1_000_000) for name, key in LITELLM_RATES.items() if key in model}
    thresholds = {
        int(found.group(1)) * 1000
        for key in model
        if (found := re.fullmatch(r'input_cost_per_token_above_(\d+)k_tokens', key))
    }
    tiers = []
    for start in sorted(thresholds):
        suffix = f'_above_{start // 1000}k_tokens'
        rates = {n: decimal_text(model[key + suffix] * 1_000_000) for n, key in LITELLM_RATES.items() if key + suffix in model}
        tiers.append({'aboveInputTokens': start, **rates})
    return {**entry, **({'longContext': tiers} if tiers else {})}


def litellm_models(wheel: Path):
    """(provider, model name, price) of every text model, the one name that the provider's API takes."""
    with zipfile.ZipFile(wheel) as archive:
        name = 'litellm/model_prices_and_context_window_backup.json'
        models = json.loads(archive.read(name), parse_float=Decimal, parse_int=Decimal)
    for name, model in sorted(models.items()):
        provider = LITELLM_PREFIXES.get(str(model.get('litellm_provider')))
        bare = name.removeprefix('gemini/')
        if provider is None or model.get('mode') not in LITELLM_MODES or '/' in bare or OTHER_MODALITIES.search(bare):
            continue
        # Zero is how LiteLLM writes "free of charge for now" and "not known": neither is a price to bill by.
        if model.get('input_cost_per_token', 0) > 0:
            yield provider, bare, litellm_price(model)


def in_force(prices: list[dict], day: str) -> dict:
    price = [price for price in prices if price.get('effectiveFrom', '') <= day][-1]
    return {key: value for key, value in price.items() if key != 'effectiveFrom'}


def overlay(table: dict[str, list[dict]], wheel: Path) -> None:
    source = {PROVIDERS[provider.id]: provider for provider in providers if provider.id in PROVIDERS}
    for provider, name, price in litellm_models(wheel):
        found = next((model for model in source[provider].models if model.is_match(name)), None)
        if found is None:
            entry = {'id': name, 'match': {'equals': name.lower()}, 'prices': [price]}
            if entry not in table[provider]:
                table[provider].append(entry)
            continue
        ours = next((entry for entry in table[provider] if entry['id'] == found.id), None)
        if ours is None:
            continue
        known = in_force(ours['prices'], date.today().isoformat())
        differing = {key for key in price.keys() & known.keys() if price[key] != known[key]}
        if differing:
            print(f'{provider} {name}: {sorted(differing)}: kept {known}, LiteLLM has {price}', file=sys.stderr)


def wheel_version(wheel: Path) -> str:
    return wheel.name.split('-')[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--litellm-wheel', type=Path, required=True)
    arguments = parser.parse_args()
    table = from_genai_prices()
    overlay(table, arguments.litellm_wheel)
    sources = [
        {
            'name': 'genai-prices',
            'version': version('genai-prices'),
            'license': 'MIT',
            'url': 'https://github.com/pydantic/genai-prices',
        },
        {
            'name': 'litellm',
            'version': wheel_version(arguments.litellm_wheel),
            'license': 'MIT',
            'url': 'https://github.com/BerriAI/litellm',
        },
    ]
    # On one line: the formatter then breaks only what is too long for one, and the table stays small.
    TABLE.write_text(json.dumps({'sources': sources, **table}, separators=(',', ':')) + '\n')
    print(', '.join(f'{provider}: {len(models)}' for provider, models in table.items()))


if __name__ == '__main__':
    main()
