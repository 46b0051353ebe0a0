"""The gateway: how other departments' systems ask the registry.

    app         the web application, given a function that tells the registry's status
    __main__    the command `muniment gateway`: opens the registry and serves the application

For now it tells whether it is alive and ready. The folder above is never a package: tests/house/test_graphql_folder.py
says why.
"""
