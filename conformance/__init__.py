"""Does a server mint tokens as the operator needs them? Asked over real HTTP, by the product's own adapter and reader.

`tests/conformance` asks the stand-in provider, in every dialect, with every fault. Whoever runs a gateway can ask it directly:

    GATEWAY_KEY=… python -m conformance --base-url https://gateway.example/v1 --key-env GATEWAY_KEY

`docs/conformance.md` tells what is asked, and what a server must answer.
"""
