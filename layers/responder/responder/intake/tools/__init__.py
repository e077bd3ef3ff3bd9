"""One module for each monitoring tool: ``split`` a payload into elements, ``read`` one of them.

``recognition`` says which tool a payload is of; only that tool's module is imported.
"""
