"""Flight Board: will a flight from New York arrive late?"""
