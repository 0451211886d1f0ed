"""An IB Gateway simulator: it speaks the TWS wire protocol, so unmodified API clients connect.

Nothing here is shared with the product it stands in for. Given the same configuration, the same
clock readings and the same requests, it answers with the same bytes.
"""

from gateway.simulator.config import (
    Clock,
    ConfigError,
    DailyRestart,
    ExerciseProcessing,
    MarketDataAccess,
    SessionHours,
    SimulatedAccount,
    SimulatedLogin,
    SimulatorConfig,
)
from gateway.simulator.config_file import read_config
from gateway.simulator.pricing import model_option_price
from gateway.simulator.replay import QuotesFileError
from gateway.simulator.server import Simulator

__all__ = [
    "Clock",
    "ConfigError",
    "DailyRestart",
    "ExerciseProcessing",
    "MarketDataAccess",
    "QuotesFileError",
    "SessionHours",
    "SimulatedAccount",
    "SimulatedLogin",
    "Simulator",
    "SimulatorConfig",
    "model_option_price",
    "read_config",
]
